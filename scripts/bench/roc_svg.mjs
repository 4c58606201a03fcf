// ROC curves as an SVG: false positive rate on a logarithmic axis, true positive rate from where it begins to differ.

const width = 720;
const height = 480;
const margin = { left: 64, right: 220, top: 24, bottom: 56 };
const colours = ['#1b6ca8', '#d1495b', '#2e8540', '#8e44ad', '#e08e0b', '#555555', '#00838f', '#a1887f'];
const leastRate = 5e-4;
const leastTrue = 0.8;

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** @param curves [{ name, points: [falsePositiveRate, truePositiveRate][] }] */
export function rocSvg(curves) {
  const innerWidth = width - margin.left - margin.right;
  const innerHeight = height - margin.top - margin.bottom;
  const x = (rate) =>
    margin.left +
    (innerWidth * Math.log10(Math.max(rate, leastRate) / leastRate)) / Math.log10(1 / leastRate);
  const y = (rate) =>
    margin.top + innerHeight * (1 - (Math.max(rate, leastTrue) - leastTrue) / (1 - leastTrue));
  const line = (points) =>
    points.map(([f, t], i) => `${i === 0 ? 'M' : 'L'}${x(f).toFixed(1)} ${y(t).toFixed(1)}`).join('');
  const text = (at, label, rest = '') =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${rest}>${escape(label)}</text>`;

  const gridX = [0.001, 0.01, 0.1, 1].map(
    (rate) =>
      `<path class="grid" d="M${x(rate).toFixed(1)} ${y(1)}V${y(leastTrue)}"/>` +
      text([x(rate), y(leastTrue) + 20], `${rate * 100} %`, 'text-anchor="middle"'),
  );
  const gridY = [0.8, 0.85, 0.9, 0.95, 1].map(
    (rate) =>
      `<path class="grid" d="M${x(leastRate)} ${y(rate).toFixed(1)}H${x(1)}"/>` +
      text([margin.left - 8, y(rate) + 4], `${Math.round(rate * 100)} %`, 'text-anchor="end"'),
  );
  const drawn = curves.map(({ name, points }, i) => {
    const colour = colours[i % colours.length];
    const legend = [width - margin.right + 16, margin.top + 16 + 20 * i];
    return (
      `<path fill="none" stroke="${colour}" stroke-width="1.8" d="${line(points)}"/>` +
      `<path stroke="${colour}" stroke-width="3" d="M${legend[0]} ${legend[1] - 4}h18"/>` +
      text([legend[0] + 24, legend[1]], name)
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>ROC curves</title>
<style>text{font:12px sans-serif;fill:#222}.grid{stroke:#ddd}</style>
<rect width="100%" height="100%" fill="#fff"/>
${[...gridX, ...gridY, ...drawn].join('\n')}
${text([margin.left + innerWidth / 2, height - 12], 'different people accepted (false positive rate)', 'text-anchor="middle"')}
${text([16, margin.top + innerHeight / 2], 'same person accepted (true positive rate)', `text-anchor="middle" transform="rotate(-90 16 ${margin.top + innerHeight / 2})"`)}
</svg>
`;
}
