import { addPair, nameOfFile } from './onnx-model.js';
import { fieldsOf } from './protobuf.js';

// Finds the files beside an ONNX file that hold its weights, without reading anything else of it.

/** The names that the file has for them, each once, in their order. */
export function externalNamesOf(where: string, file: Uint8Array): string[] {
  const names = new Set<string>();
  const within = (message: Uint8Array, number: number) =>
    [...fieldsOf(where, message)].filter((field) => field.number === number).map(({ bytes }) => bytes);
  const addTensor = (tensor: Uint8Array) => {
    const places = new Map<string, string>();
    for (const pair of within(tensor, 13)) addPair(where, places, pair);
    const location = places.get('location');
    if (location !== undefined) names.add(nameOfFile(location));
  };
  // constants may also be attributes of nodes
  const addNodes = (nodes: readonly Uint8Array[]) => {
    const attributes = nodes.flatMap((node) => within(node, 5));
    for (const tensor of attributes.flatMap((attribute) => within(attribute, 5))) addTensor(tensor);
  };
  for (const graph of within(file, 7)) {
    for (const constant of within(graph, 5)) addTensor(constant);
    addNodes(within(graph, 1));
  }
  for (const called of within(file, 25)) addNodes(within(called, 7));
  return [...names];
}
