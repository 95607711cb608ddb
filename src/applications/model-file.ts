import { outOfRange } from '../check/errors.js';
import { parseJson } from '../check/utf8.js';
import { sectionsOf } from '../persistence/decode.js';
import { inFile } from '../persistence/read-sections.js';
import { jsonSection, type SavedBytes, writeSections } from '../persistence/sections.js';
import { Encoder } from '../tables/encoder.js';

// The file of a model is the file of its network with one more section, `encoder`. A network that is loaded from it
// keeps this section and writes it to its own files.

const NAME = 'encoder';

/** The file of a network with the encoder in it. */
export async function withEncoder(file: Uint8Array, encoder: Encoder): Promise<SavedBytes> {
  const others = (await sectionsOf(file)).filter(({ name }) => name !== NAME);
  return writeSections([...others, jsonSection(NAME, false, encoder)]);
}

/** The encoder in the file of a model. */
export async function encoderOf(file: Uint8Array): Promise<Encoder> {
  const section = (await sectionsOf(file)).find(({ name }) => name === NAME);
  if (section?.type !== 'json') {
    throw outOfRange('load', 'a network without an encoder', 'a file of model.save(): Network.load reads this one');
  }
  return inFile('load: ', () => Encoder.fromJSON(parseJson('encoder', section.bytes)));
}
