// Rules beyond the types: those that catch mistakes. Layout is Prettier's.

import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'build/',
      'prebuilds/',
      'prebuilds-debug/',
      'demo-output/',
      'bench-output/',
      'test-output/',
      'mutation-output/',
      '.tap/',
      'docs/api/',
    ],
  },
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeCheckedOnly],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  },
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    files: ['test/**'],
    rules: {
      // tap waits for its tests, and a test without an await may still be async.
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  // import = require() is how CommonJS is written in TypeScript.
  { files: ['**/*.cts'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['scripts/**', 'examples/**'], rules: { 'no-console': 'off' } },
  // The arrows between the rooms of lib/ point one way only.
  restrict('lib/duplicates/**', ['../!(config|errors|options).js', '**/native.js', '**/engine.js']),
  restrict('lib/models/**', ['**/native.js', '**/engine.js', '**/cli/**', '**/photos/**']),
  restrict('lib/photos/**', ['**/native.js', '**/engine.js', '**/cli/**', '**/models/**']),
  restrict('lib/!(cli)/**', ['**/cli/**']),
);

function restrict(files, group) {
  const message = 'This import points against the order of the rooms: see CONTRIBUTING.md.';
  return {
    files: [files],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
  };
}
