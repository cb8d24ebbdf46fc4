/** Three-way merge of texts by lines: the changes of two writers to one base, if they changed different lines. */
import { diffLines, type Hunk, type NumberedLines } from './line-diff.ts'

function isSame(left: Hunk, right: Hunk): boolean {
  return (
    left.at === right.at &&
    left.removed === right.removed &&
    left.lines.length === right.lines.length &&
    left.lines.every((line, i) => line === right.lines[i])
  )
}

/** Whether two hunks change the same line, or insert at the same place. */
function collide(left: Hunk, right: Hunk): boolean {
  if (left.removed === 0 && right.removed === 0) return left.at === right.at
  return left.at < right.at + right.removed && right.at < left.at + left.removed
}

/** Whether a hunk comes first: an insertion comes before a line that the other hunk replaced. */
function isBefore(left: Hunk, right: Hunk): boolean {
  return left.at < right.at || (left.at === right.at && left.removed < right.removed)
}

/** The hunks of both in order, each once; null where two collide. Hunks of one writer never touch each other. */
function together(own: readonly Hunk[], others: readonly Hunk[]): readonly Hunk[] | null {
  const all: Hunk[] = []
  let [i, j] = [0, 0]
  for (;;) {
    const [left, right] = [own[i], others[j]]
    if (left === undefined) return all.concat(others.slice(j))
    if (right === undefined) return all.concat(own.slice(i))
    const areSame = isSame(left, right)
    if (!areSame && collide(left, right)) return null
    const isLeft = areSame || isBefore(left, right)
    all.push(isLeft ? left : right)
    if (isLeft) i++
    if (areSame || !isLeft) j++
  }
}

/** Length of the beginning that all three texts share, cut after a line. */
function sharedHead(base: string, ours: string, theirs: string): number {
  const shortest = Math.min(base.length, ours.length, theirs.length)
  let at = 0
  while (at < shortest && base[at] === ours[at] && base[at] === theirs[at]) at++
  return at === 0 ? 0 : base.lastIndexOf('\n', at - 1) + 1
}

/** Length of the end that all three texts share after the shared beginning, cut before a line. */
function sharedTail(head: number, base: string, ours: string, theirs: string): number {
  const most = Math.min(base.length, ours.length, theirs.length) - head
  let length = 0
  const unit = (text: string) => text.charCodeAt(text.length - 1 - length)
  while (length < most && unit(base) === unit(ours) && unit(base) === unit(theirs)) length++
  const line = base.indexOf('\n', base.length - length)
  return line < 0 ? 0 : base.length - line
}

/** Lines between a beginning that ends with a line break and an end that begins with one. */
function joined(head: string, lines: readonly string[], tail: string): string {
  if (lines.length > 0) return head + lines.join('\n') + tail
  return head === '' ? tail.slice(1) : head.slice(0, -1) + tail
}

/** Texts as numbers of their lines, and the line that each number stands for. */
function numbered(texts: readonly (readonly string[])[]): { texts: NumberedLines[]; lines: string[] } {
  const numbers = new Map<string, number>()
  const lines: string[] = []
  const numberOf = (line: string): number => {
    const known = numbers.get(line)
    if (known !== undefined) return known
    numbers.set(line, lines.length)
    return lines.push(line) - 1
  }
  return { texts: texts.map((text) => text.map(numberOf)), lines }
}

/** Bounds on the work of a merge. */
interface MergeLimits {
  /** Most lines of one text between the first change and the last. */
  readonly mergeLines: number
  /** Most lines that are repeated or moved in one text and not in the other. */
  readonly mergeEdits: number
}

/**
 * The merged text; null if both changed the same line or inserted at the same place in different ways, or if the texts
 * differ by more than the limits allow. The same texts give the same answer in every process.
 */
export async function mergeTexts(
  base: string,
  ours: string,
  theirs: string,
  { mergeLines, mergeEdits }: MergeLimits,
): Promise<string | null> {
  const head = sharedHead(base, ours, theirs)
  const tail = sharedTail(head, base, ours, theirs)
  const middles = [base, ours, theirs].map((text) => text.slice(head, text.length - tail).split('\n'))
  if (middles.some(({ length }) => length > mergeLines)) return null
  const { texts, lines } = numbered(middles)
  const [old = [], our = [], their = []] = texts
  const own = await diffLines(old, our, lines.length, mergeEdits)
  const others = own === null ? null : await diffLines(old, their, lines.length, mergeEdits)
  const all = own === null || others === null ? null : together(own, others)
  if (all === null) return null
  const merged: (readonly number[])[] = []
  let at = 0
  for (const hunk of all) {
    merged.push(old.slice(at, hunk.at), hunk.lines)
    at = hunk.at + hunk.removed
  }
  merged.push(old.slice(at))
  const chosen = merged.flat().map((number) => lines[number] as string)
  return joined(base.slice(0, head), chosen, base.slice(base.length - tail))
}
