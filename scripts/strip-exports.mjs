// Leaves out of a module's exports what only tests call. They must be exported while the module is compiled, or the optimizer would put
// kernels into their callers, where V8 compiles their loops badly; the names themselves weigh 200 bytes gzipped.

const EXPORT_SECTION = 7;

/** An unsigned number in LEB128. Returns it and the place after it. */
function readNumber(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return [value >>> 0, at];
  }
}

function writeNumber(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

/** The module with the exports of these names alone. */
export function stripExports(module, names) {
  const parts = [module.subarray(0, 8)];
  for (let at = 8; at < module.length; ) {
    const [length, start] = readNumber(module, at + 1);
    const end = start + length;
    parts.push(
      module[at] === EXPORT_SECTION ? keepExports(module.subarray(start, end), names) : module.subarray(at, end),
    );
    at = end;
  }
  return Buffer.concat(parts);
}

function keepExports(section, names) {
  const kept = [];
  let [count, at] = readNumber(section, 0);
  for (; count > 0; count--) {
    const [length, start] = readNumber(section, at);
    const name = section.toString('utf8', start, start + length);
    // a byte for the kind, then the index
    const [, end] = readNumber(section, start + length + 1);
    if (names.includes(name)) kept.push(section.subarray(at, end));
    at = end;
  }
  const content = Buffer.concat([Buffer.from(writeNumber(kept.length)), ...kept]);
  return Buffer.concat([Buffer.from([EXPORT_SECTION, ...writeNumber(content.length)]), content]);
}
