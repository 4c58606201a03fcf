// Names of photos as a person may read them: nothing invisible, nothing that turns the line around.

/** Controls, and what changes the direction of text or is not seen: \u00ad, zero-width signs, bidi controls, line separators. */
const unseen = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Signs that cannot be seen come as \u202e and the like. */
export function visible(text: string): string {
  return text.replace(unseen, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export interface NameParts {
  /** With its last slash; empty where there is none. */
  readonly folder: string;
  readonly file: string;
}

/** A path of POSIX or Windows, or a blob's name, made visible. */
export function nameParts(name: string): NameParts {
  const shown = visible(name);
  const end =
    Math.max(shown.lastIndexOf('/'), /^[a-z]:\\|^\\\\[^\\]/i.test(shown) ? shown.lastIndexOf('\\') : -1) + 1;
  return { folder: shown.slice(0, end), file: shown.slice(end) };
}

/** What the folders of all names begin with, up to a slash: it tells the photos apart from nothing. */
export function commonFolder(names: readonly string[]): string {
  let common = names[0] === undefined ? '' : nameParts(names[0]).folder;
  for (const name of names) {
    const { folder } = nameParts(name);
    while (!folder.startsWith(common)) common = common.slice(0, common.slice(0, -1).lastIndexOf('/') + 1);
  }
  return common;
}
