/** Three-way merge of texts by lines: what two writers did to one base, if they did it to different lines. */
import { diff3Merge } from 'node-diff3'

/** The merged text, or null where both changed the same lines in different ways. */
export function mergeTexts(base: string, ours: string, theirs: string): string | null {
  const regions = diff3Merge(ours.split('\n'), base.split('\n'), theirs.split('\n'), { excludeFalseConflicts: true })
  const lines: string[] = []
  for (const region of regions) {
    if (region.ok === undefined) return null
    lines.push(...region.ok)
  }
  return lines.join('\n')
}
