// What the published declarations promise: every exported declaration is documented, with every public member of a class and
// every field of an interface, and nothing that is exported leads to a type of an internal module.
import { join, relative } from 'node:path'
import { ModifierFlags, type Node } from 'typescript/unstable/ast'
import { isConstructorDeclaration, isIdentifier } from 'typescript/unstable/ast/is'
import { type Symbol as Declared, type NodeHandle, SymbolFlags } from 'typescript/unstable/sync'
import { type Entries, entriesOf, followed, type Published, withPublished } from './published-declarations.ts'

/** Folders of modules whose types users never get to see, from the folder of the declarations. */
const INTERNAL = ['memory/door/', 'memory/storage/']

/**
 * Fields whose names say all there is to say: ids of the field's noun, who speaks, and the two times that every record has.
 * Whatever has a unit, a default or a meaning of its own is not here.
 */
const PLAIN_FIELDS = new Set([
  ...['id', 'messageId', 'resourceId', 'runId', 'threadId', 'turnId'],
  ...['createdAt', 'updatedAt', 'role', 'title'],
])

export interface Checked {
  /** By exported class: its public members. */
  readonly members: Readonly<Record<string, readonly string[]>>
  /** How many declarations are exported, and how many fields their interfaces and object types have. */
  readonly counts: { readonly declarations: number; readonly fields: number }
  readonly problems: readonly string[]
}

/**
 * @param dist The folder of the declarations; what is declared elsewhere is somebody else's.
 * @param typeRoots Where `@types/node` is.
 */
export function checkDeclarations(entries: Entries, dist: string, typeRoots: string): Checked {
  return withPublished(entries, typeRoots, (published) => {
    const isOwn = ({ path }: NodeHandle) => !relative(dist, path).startsWith('..')
    // Several entries export the same class: it counts once.
    const known = new Set<number>()
    const isNew = ({ symbol: { id } }: { readonly symbol: Declared }) => !known.has(id) && known.add(id).has(id)
    const declared = published.exports.filter((one) => one.symbol.declarations.some(isOwn) && isNew(one))
    const classes = declared.filter(({ symbol }) => (symbol.flags & SymbolFlags.Class) !== 0)
    const fields = declared.flatMap(({ name, symbol }) => {
      return fieldsOf(published, symbol, isOwn).map((field) => ({ ...field, name: `${name}.${field.name}` }))
    })
    const checked = classes.map(({ name, symbol }) => [name, membersOf(published, symbol, isOwn)] as const)
    const members = checked.map(([name, found]) => [name, found.map((member) => member.name)] as const)
    const bare = checked.flatMap(([name, found]) => {
      return found.flatMap((member) => (member.isDocumented ? [] : [`${name}.${member.name} has no TSDoc`]))
    })
    const undocumented = [
      ...declared.map(({ name, symbol }) => ({ name, isDocumented: isDocumented(published, symbol) })),
      ...fields,
    ].flatMap((one) => (one.isDocumented ? [] : [`${one.name} has no TSDoc`]))
    return {
      members: Object.fromEntries(members),
      counts: { declarations: declared.length, fields: fields.length },
      problems: [...undocumented, ...bare, ...internalTypes(published, dist, isOwn)],
    }
  })
}

/** Checks what a package publishes, prints the members of each exported class and answers what is wrong. */
export function checkPublicMembers(
  root: string,
  { exports }: { readonly exports: Readonly<Record<string, unknown>> },
): readonly string[] {
  const entries = entriesOf(root, exports)
  const { members, counts, problems } = checkDeclarations(
    entries,
    join(root, 'dist'),
    join(root, 'node_modules/@types'),
  )
  console.log(`  ${counts.declarations} exported declarations, ${counts.fields} fields of interfaces`)
  for (const [name, found] of Object.entries(members)) console.log(`  class ${name}: ${found.join(' ')}`)
  return problems
}

interface Member {
  readonly name: string
  readonly isDocumented: boolean
}

/** By a sentence: tags alone say what is thrown, not what it is. */
function isDocumented({ checker }: Published, symbol: Declared): boolean {
  return symbol.getDocumentationComment(checker).trim() !== ''
}

/**
 * The fields of an exported interface or object type, inherited ones included, as far as this package declares them. A union
 * has none here: which of its forms a value has is said by the declaration, and its fields by the form's own type.
 */
function fieldsOf(published: Published, symbol: Declared, isOwn: (at: NodeHandle) => boolean): Member[] {
  if ((symbol.flags & (SymbolFlags.Interface | SymbolFlags.TypeAlias)) === 0) return []
  const { checker } = published
  const type = checker.getDeclaredTypeOfSymbol(symbol)
  if (type.isUnionType()) return []
  const own = checker.getPropertiesOfType(type).filter(({ name, declarations }) => {
    return !name.startsWith('__@') && declarations.some(isOwn)
  })
  return own.map((field) => {
    return { name: field.name, isDocumented: PLAIN_FIELDS.has(field.name) || isDocumented(published, field) }
  })
}

/** The public members of a class, inherited and static ones included, and its constructor if it is public. */
function membersOf(published: Published, symbol: Declared, isOwn: (at: NodeHandle) => boolean): Member[] {
  const { checker, project } = published
  const inherited = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
  const statics = [...symbol.getExports().values()].filter(({ name }) => name !== 'prototype')
  const constructors = [...symbol.getMembers().values()].filter(({ escapedName }) => escapedName === '__constructor')
  return [...constructors, ...inherited, ...statics].flatMap((member) => {
    const declared = member.declarations.filter(isOwn).map((handle) => handle.resolve(project))
    const open = declared.filter((node) => node !== undefined && !isHidden(node))
    if (open.length === 0) return []
    return [{ name: nameOf(member, open[0] as Node), isDocumented: isDocumented(published, member) }]
  })
}

function nameOf({ name }: Declared, declaration: Node): string {
  if (isConstructorDeclaration(declaration)) return 'constructor'
  return name.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]')
}

/** `#private` fields, and members that are private or protected. */
function isHidden(node: Node): boolean {
  const { name, modifierFlags = 0 } = node as Node & { name?: { text?: string }; modifierFlags?: ModifierFlags }
  if (name?.text?.startsWith('#') === true) return true
  return (modifierFlags & (ModifierFlags.Private | ModifierFlags.Protected)) !== 0
}

/** Types of internal modules that an exported name leads to, each with the way there. */
function internalTypes(published: Published, dist: string, isOwn: (at: NodeHandle) => boolean): string[] {
  const { checker, project } = published
  const problems: string[] = []
  const seen = new Set<string>()
  const visit = (symbol: Declared, way: readonly string[]): void => {
    for (const handle of symbol.declarations.filter(isOwn)) {
      const place = `${handle.path} ${handle.index}`
      if (seen.has(place)) continue
      seen.add(place)
      const module = relative(dist, handle.path)
      const node = handle.resolve(project)
      if (INTERNAL.some((folder) => module.startsWith(folder)))
        problems.push(`${way.join(' → ')} is declared in ${module}`)
      else if (node !== undefined) {
        for (const named of checker.getSymbolAtLocation(identifiersIn(node))) {
          if (named !== undefined) visit(followed(checker, named), [...way, named.name])
        }
      }
    }
  }
  for (const { name, symbol } of published.exports) visit(symbol, [name])
  return problems
}

/** Every identifier of a declaration: names of types, of members and of parameters alike. */
function identifiersIn(node: Node): Node[] {
  if (isIdentifier(node)) return [node]
  const found: Node[] = []
  node.forEachChild((child) => {
    found.push(...identifiersIn(child))
  })
  return found
}
