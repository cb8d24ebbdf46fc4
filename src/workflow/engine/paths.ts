/** Places of steps in a run, as texts: `0`, `2/b`, `3[17]`, `2/sub/1`. They are the paths of its records. */

/** The place of the run's own input, with the state that it began with. */
export const inputPath = 'input'

/** The place of the run's own result. */
export const outputPath = 'output'

/** The place of a node or a branch inside of another one; `''` is the workflow itself. */
export function inside(place: string, part: string | number): string {
  return place === '' ? String(part) : `${place}/${part}`
}

/** The place of one item of a foreach, or of one round of a loop. */
export function itemOf(place: string, index: number): string {
  return `${place}[${index}]`
}

/** The number of the item or round that a path leads to at its end; null if it leads to no such thing. */
export function indexOf(path: string): number | null {
  const match = /\[(\d+)\]$/.exec(path)
  return match === null ? null : Number(match[1])
}

/** The parts of a path in order: indexes and ids, each with the number of its item or round. */
export function pathParts(path: string): readonly { readonly part: string; readonly index: number | null }[] {
  return path.split('/').map((text) => {
    const index = indexOf(text)
    return { part: index === null ? text : text.slice(0, text.lastIndexOf('[')), index }
  })
}

/** The definition of those two, which belong to no step. */
export const ownDefinition = 'run'
