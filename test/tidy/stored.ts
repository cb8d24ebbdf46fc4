// What comes out of a database may be damaged: it is read in few places, which make MemoryErrors of whatever is wrong.
import type { SourceFile, SyntaxNode } from './source-file.ts'

/** Who may run statements: all others go through them. */
const sqliteUsers = ['connection', 'statement', 'scrub/scrub'].map((name) => `src/storage/sqlite/${name}.ts`)
const parser = 'src/storage/stored-json.ts'

/** `JSON.parse` and `node:sqlite` of src/storage/ outside the files that turn their errors into MemoryErrors. */
export function checkStored(file: SourceFile): string[] {
  if (!file.path.startsWith('src/storage/') || file.path.endsWith('.test.ts')) return []
  const problems = file.references
    .filter(({ specifier }) => specifier === 'node:sqlite' && !sqliteUsers.includes(file.path))
    .map(({ line }) => `${file.path}:${line}: statements go through Statement and Connection`)
  file.walk((node) => {
    if (file.path === parser || !isJsonParse(node)) return
    problems.push(`${file.path}:${file.lineAt(node.start)}: stored JSON is parsed by storedJson, against its shape`)
  })
  return problems
}

function isJsonParse(node: SyntaxNode): boolean {
  if (node.type !== 'MemberExpression') return false
  const { object, property } = node as unknown as { object: { name?: unknown }; property: { name?: unknown } }
  return object.name === 'JSON' && property.name === 'parse'
}
