// One hop from an import to the code: only the published entry points export what lies elsewhere.
import type { SourceFile } from './source-file.ts'

/** Exports from elsewhere in a file of src/ that is not one of `entryPoints`. */
export function checkBarrels(file: SourceFile, entryPoints: readonly string[]): string[] {
  if (!file.path.startsWith('src/') || entryPoints.includes(file.path)) return []
  return file.reExports.map(
    ({ line, specifier }) => `${file.path}:${line}: exports what is in '${specifier}'; import it there`,
  )
}

/** The sources of a package's `exports`, as paths from the root. */
export function entryPointsOf(exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>): string[] {
  return Object.values(exports).flatMap((target) => {
    const source = typeof target === 'string' ? undefined : target['aquifer-source']
    return source === undefined ? [] : [source.replace(/^\.\//, '')]
  })
}
