// The library in ten lines: which of these photos show the same person?
//
//   node examples/ten_lines.mjs photos/*.jpg

import { encodeFaces, findDuplicates } from 'facededup';

const records = [];
for (const id of process.argv.slice(2)) {
  const faces = await encodeFaces(id, { detector: 'hog' });
  records.push({ id, encodings: faces.map((face) => face.encoding) });
}
for (const { first, second, distance } of await findDuplicates(records))
  console.log(`${distance.toFixed(4)}  ${first}  ${second}`);
