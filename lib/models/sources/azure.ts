// Model files from a container of Azure Blob Storage.

import { AzureContainer, type AzureLocation, describeAzure } from '../../azure.js';
import { fetchEach, type ModelSource } from './source.js';

export function azureSource(location: AzureLocation): ModelSource {
  const name = describeAzure(location);
  return {
    name,
    async fetch(files, deliver, { signal, onProgress, maxBytes }) {
      const container = await AzureContainer.open(location);
      return fetchEach(files, signal, (file) =>
        container.download(container.nameBelow(file.name), signal, async (blob, content) => {
          if (blob.bytes > maxBytes(file))
            throw new Error(`it is longer than the ${maxBytes(file)} bytes it may have`);
          let receivedBytes = 0;
          const watched = async function* () {
            for await (const chunk of content) {
              receivedBytes += chunk.length;
              onProgress({ file: file.name, source: name, receivedBytes, totalBytes: blob.bytes });
              yield chunk;
            }
          };
          await deliver(file, watched());
        }),
      );
    },
  };
}
