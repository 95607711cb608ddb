import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { API, ModifierFlags, SignatureKind, SymbolFlags } from 'typescript/unstable/sync';

// What a user of the package can name, with its docstring, as TypeScript sees it: every export of every entry of
// package.json, the members of classes and interfaces, and the options that functions take, however deep they lie.

const { Class, Constructor, Enum, Function: Callable, Interface, Method, Optional, TypeAlias } = SymbolFlags;

/** The entries of a package: the name that a user imports to the source file. */
export function entriesOf(root) {
  const { name, exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const withTypes = Object.entries(exports).filter(([, target]) => target.types);
  const sourceOf = ({ types }) => types.replace(/^\.\/dist\//, 'src/').replace(/\.d\.ts$/, '.ts');
  return new Map(withTypes.map(([path, target]) => [name + path.slice(1), sourceOf(target)]));
}

/**
 * All that the entries export, in the order of the entries; what several of them export is in the first one. Each item
 * is `{ entry, name, kind, file, line, summary, tags, parameters, returns, isOption }`:
 * - `kind`: function, class, constructor, method, property, interface, type or constant;
 * - `tags`: of the docstring, `{ name, text }` each;
 * - `parameters`: their names, without those of type undefined, which refuse a surplus argument;
 * - `returns`: the type of the result, as text;
 * - `isOption`: true for a property that may be left out of an object that some function takes.
 */
export function readApi(root, entries = entriesOf(root), config = 'tsconfig.build.json') {
  const api = new API({ cwd: fileURLToPath(root) });
  try {
    const configFile = fileURLToPath(new URL(config, root));
    const project = api.updateSnapshot({ openProjects: [configFile] }).getProject(configFile);
    const reader = new Reader(project, fileURLToPath(root));
    for (const [entry, file] of entries) reader.readEntry(entry, file);
    return reader.items();
  } finally {
    api.close();
  }
}

/** The examples of docstrings, as snippets for scripts/snippets.mjs. */
export const examplesOf = (items) =>
  items.flatMap(({ name, file, tags }) =>
    tags
      .filter((tag) => tag.name === 'example')
      .map(({ text }) => ({ page: `${file} ${name}`, line: 1, lines: text.split('\n') })),
  );

class Reader {
  #project;
  #checker;
  #root;
  /** Place of a declaration to its item, or to undefined where it is internal. */
  #items = new Map();
  /** Numbers of the types of arguments that have been read. */
  #taken = new Set();
  #entry = '';

  constructor(project, root) {
    this.#project = project;
    this.#checker = project.checker;
    this.#root = root;
  }

  items() {
    return [...this.#items.values()].filter((item) => item !== undefined);
  }

  readEntry(entry, file) {
    this.#entry = entry;
    const source = this.#project.program.getSourceFile(this.#root + file);
    if (!source) throw new RangeError(`${entry}: got no ${file} in the project, want the source of the entry`);
    const module = this.#checker.getSymbolAtLocation(source);
    // a file without imports and exports is no module
    if (!module) return;
    for (const exported of this.#checker.getExportsOfModule(module)) {
      const isAlias = (exported.flags & SymbolFlags.Alias) !== 0;
      this.#readExport(exported.name, isAlias ? this.#checker.getAliasedSymbol(exported) : exported);
    }
  }

  #readExport(name, symbol) {
    const { flags } = symbol;
    const type = flags & (Class | Interface | TypeAlias) ? this.#checker.getDeclaredTypeOfSymbol(symbol) : undefined;
    if (flags & Callable) this.#addCallable(name, symbol, 'function');
    else if (flags & Class) this.#readClass(name, symbol, type);
    else if (flags & Interface) this.#readInterface(name, symbol, type);
    else if (flags & TypeAlias) this.#add(name, symbol, 'type');
    else this.#add(name, symbol, flags & Enum ? 'type' : 'constant');
  }

  #readClass(name, symbol, instance) {
    if (!this.#add(name, symbol, 'class')) return;
    const making = [...symbol.getMembers().values()].find(({ flags }) => flags & Constructor);
    if (making && !this.#isHidden(making)) {
      const type = this.#checker.getTypeOfSymbol(symbol);
      const signatures = this.#checker.getSignaturesOfType(type, SignatureKind.Construct);
      this.#addCallable(`new ${name}`, making, 'constructor', signatures);
    }
    this.#readMembers(name, symbol.getExports().values());
    this.#readMembers(name, this.#checker.getPropertiesOfType(instance));
  }

  #readInterface(name, symbol, type) {
    if (this.#add(name, symbol, 'interface')) this.#readMembers(name, this.#checker.getPropertiesOfType(type));
  }

  #readMembers(name, members) {
    for (const member of members) {
      // names with two underscores are those of private fields and of symbols
      if (/^__|^prototype$/.test(member.escapedName) || !this.#isOurs(member) || this.#isHidden(member)) continue;
      const path = `${name}.${member.name}`;
      if (member.flags & Method) this.#addCallable(path, member, 'method');
      else if (!this.#checker.getTypeOfSymbol(member).isStringLiteralType()) this.#add(path, member, 'property');
    }
  }

  #addCallable(name, symbol, kind, given) {
    const signatures =
      given ?? this.#checker.getSignaturesOfType(this.#checker.getTypeOfSymbol(symbol), SignatureKind.Call);
    const item = this.#add(name, symbol, kind);
    if (!item) return;
    const parameters = signatures.flatMap((signature) => signature.getParameters());
    for (const parameter of parameters) {
      const type = this.#checker.getTypeOfSymbol(parameter);
      if (this.#isUndefined(type)) continue;
      item.parameters.add(parameter.name);
      this.#readOptions(type, parameter.name);
    }
    const results = signatures.map((signature) => this.#checker.getReturnTypeOfSignature(signature));
    item.returns = results.map((type) => this.#checker.typeToString(type)).join(' | ');
  }

  /** Marks the properties that may be left out of objects that are given to a function. */
  #readOptions(type, path) {
    if (this.#taken.has(type.id)) return;
    this.#taken.add(type.id);
    for (const part of type.getTypes?.() ?? []) this.#readOptions(part, path);
    if (type.isTypeParameter()) return;
    if (type.isTypeReference()) {
      for (const argument of this.#checker.getTypeArguments(type)) this.#readOptions(argument, path);
    }
    const symbol = type.getAliasSymbol() ?? type.getSymbol();
    if (!type.isObjectType() || (symbol && symbol.flags & Class)) return;
    const name = symbol && !symbol.name.startsWith('__') ? symbol.name : path;
    for (const property of this.#checker.getPropertiesOfType(type)) {
      if (!this.#isOurs(property) || property.flags & Method) continue;
      const propertyPath = `${name}.${property.name}`;
      const propertyType = this.#checker.getTypeOfSymbol(property);
      // one that must be undefined only keeps two kinds of objects apart
      if (property.flags & Optional && !this.#isUndefined(propertyType)) {
        const item = this.#add(propertyPath, property, 'property');
        if (!item) continue;
        item.isOption = true;
      }
      this.#readOptions(propertyType, propertyPath);
    }
  }

  /** The item of a symbol; undefined if its docstring says that it is internal. */
  #add(name, symbol, kind) {
    const [handle] = symbol.declarations;
    const place = `${handle.path}:${handle.index}`;
    if (this.#items.has(place)) return this.#items.get(place);
    const tags = symbol.getJsDocTags(this.#checker).map((tag) => ({ name: tag.name, text: tag.text ?? '' }));
    const isInternal = tags.some((tag) => tag.name === 'internal');
    const item = isInternal
      ? undefined
      : {
          entry: this.#entry,
          name,
          kind,
          file: this.#fileOf(handle),
          line: this.#lineOf(handle),
          summary: symbol.getDocumentationComment(this.#checker),
          tags,
          parameters: new Set(),
          returns: '',
          isOption: false,
        };
    this.#items.set(place, item);
    return item;
  }

  #isUndefined(type) {
    return this.#checker.typeToString(type) === 'undefined';
  }

  #fileOf({ path }) {
    return path.startsWith(this.#root) ? path.slice(this.#root.length) : path;
  }

  #lineOf(handle) {
    const node = handle.resolve(this.#project);
    const source = this.#project.program.getSourceFile(handle.path);
    return source.text.slice(0, node.getStart(source)).split('\n').length;
  }

  #isOurs({ declarations }) {
    return declarations.length > 0 && !this.#fileOf(declarations[0]).includes('node_modules/');
  }

  #isHidden({ declarations }) {
    const node = declarations[0].resolve(this.#project);
    return ((node.modifierFlags ?? 0) & (ModifierFlags.Private | ModifierFlags.Protected)) !== 0;
  }
}
