// Ways in which a file is damaged, each decided by a seed alone.

/** Numbers from 0 to below `limit`, the same for each seed (a xorshift). */
export function randomOf(seed: number): (limit: number) => number {
  let state = (Math.imul(seed + 1, 0x9e3779b1) | 1) >>> 0
  return (limit) => {
    state = (state ^ (state << 13)) >>> 0
    state = (state ^ (state >>> 17)) >>> 0
    state = (state ^ (state << 5)) >>> 0
    return state % limit
  }
}

type Random = ReturnType<typeof randomOf>
export type Damage = (file: Buffer, random: Random) => Buffer

const pageBytes = 4_096

function page(file: Buffer, random: Random): Buffer {
  const number = random(Math.max(1, Math.floor(file.length / pageBytes)))
  return file.subarray(number * pageBytes, (number + 1) * pageBytes)
}

function changed(file: Buffer, count: number, place: () => number, value: (before: number) => number): Buffer {
  for (let i = 0; i < count; i++) {
    const at = place()
    if (at < file.length) file[at] = value(file[at] ?? 0)
  }
  return file
}

/** Places of a character that JSON is made of, in the text of the file. */
function placesIn(file: Buffer, random: Random, characters: string): () => number {
  const wanted = new Set(Buffer.from(characters))
  return () => {
    const start = random(file.length)
    for (let i = 0; i < file.length; i++) {
      const at = (start + i) % file.length
      if (wanted.has(file[at] ?? 0)) return at
    }
    return start
  }
}

/** By name, for what a failed run prints. */
export const damages: Readonly<Record<string, Damage>> = {
  'a few bytes': (file, random) =>
    changed(
      file,
      1 + random(12),
      () => random(file.length),
      () => random(256),
    ),
  'many bytes': (file, random) =>
    changed(
      file,
      100 + random(900),
      () => random(file.length),
      () => random(256),
    ),
  'one bit': (file, random) =>
    changed(
      file,
      1,
      () => random(file.length),
      (before) => before ^ (1 << random(8)),
    ),
  'numbers in JSON': (file, random) =>
    changed(file, 1 + random(30), placesIn(file, random, '0123456789'), () => 48 + random(10)),
  'marks of JSON': (file, random) =>
    changed(file, 1 + random(10), placesIn(file, random, '{}[]":,'), () => Buffer.from('{}[]":, x')[random(9)] ?? 0),
  'names in JSON': (file, random) =>
    changed(file, 1 + random(30), placesIn(file, random, 'abcdefghijklmnopqrstuvwxyz'), () => 97 + random(26)),
  'a page of zeros': (file, random) => {
    page(file, random).fill(0)
    return file
  },
  'a page of ones': (file, random) => {
    page(file, random).fill(0xff)
    return file
  },
  'a page of noise': (file, random) => {
    const own = page(file, random)
    for (let i = 0; i < own.length; i++) own[i] = random(256)
    return file
  },
  'the head of a page': (file, random) => {
    const own = page(file, random)
    return (
      changed(
        own,
        1 + random(8),
        () => random(60),
        () => random(256),
      ) && file
    )
  },
  'two pages in the wrong place': (file, random) => {
    const [one, other] = [page(file, random), page(file, random)]
    const kept = Buffer.from(one)
    one.set(other.subarray(0, one.length))
    other.set(kept.subarray(0, other.length))
    return file
  },
  'cut off anywhere': (file, random) => file.subarray(0, random(file.length)),
  'cut off between pages': (file, random) => file.subarray(0, pageBytes * random(Math.ceil(file.length / pageBytes))),
  'a header of zeros': (file, random) => {
    file.fill(0, 0, 1 + random(100))
    return file
  },
  'numbers of the header': (file, random) =>
    changed(
      file,
      1 + random(4),
      () => 16 + random(84),
      () => random(256),
    ),
}
