/** Names as people write them: without their accents, with a letter wrong, or as they sound. */

/** Shorter names are too near to too many words. */
const shortest = 4

/** A name without accents, in small letters. */
function plain(name: string): string {
  return name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

/** A plain name with one letter for those that sound alike. */
function soundsOf(name: string): string {
  return name.replace(/ph/g, 'f').replace(/[cq]/g, 'k').replace(/z/g, 's')
}

/** The consonants of a name as it sounds, doubles once. */
function skeletonOf(sounds: string): string {
  return sounds.replace(/[aeiouy]/g, '').replace(/(.)\1+/gu, '$1')
}

/** Whether one letter more, less or other makes one of the other. */
function isOneLetterOff(left: string, right: string): boolean {
  const [short, long] = left.length <= right.length ? [left, right] : [right, left]
  if (long.length - short.length > 1) return false
  let at = 0
  while (at < short.length && short[at] === long[at]) at++
  const rest = short.length === long.length ? short.slice(at + 1) : short.slice(at)
  return rest === long.slice(at + 1)
}

/** Whether a word may be a name that is written otherwise. */
export function isNearName(word: string, name: string): boolean {
  const [left, right] = [plain(word), plain(name)]
  const [sounds, others] = [soundsOf(left), soundsOf(right)]
  if (left.length < shortest || right.length < shortest || sounds[0] !== others[0]) return left === right
  if (left === right || isOneLetterOff(left, right)) return true
  const skeleton = skeletonOf(sounds)
  return skeleton.length > 1 && skeleton === skeletonOf(others)
}
