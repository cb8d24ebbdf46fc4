// Times are ISO texts below the facade, so that an operation takes and answers nothing that cannot cross a wire.
import type { SourceFile } from './source-file.ts'

/** Rooms that know no `Date`. The domain reads those of callers (`time.ts`), and counts days with them. */
const rooms = ['src/operations/', 'src/memory/']
/** The type and its constructor, and what makes one. */
const names = ['Date', 'dateOf']

/** Uses of a `Date` in a room that knows none. */
export function checkDates(file: SourceFile): string[] {
  if (!rooms.some((room) => file.path.startsWith(room))) return []
  const problems: string[] = []
  file.walk((node) => {
    if (node.type !== 'Identifier' || !names.includes(String(node.name))) return
    problems.push(`${file.path}:${file.lineAt(node.start)}: a time is an ISO text here; the facade makes Dates`)
  })
  return problems
}
