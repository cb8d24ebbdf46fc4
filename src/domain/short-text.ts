/** Keeps error texts short, whatever values they quote: long texts are cut in the middle, with a mark. */

const mark = ' […] '

/** UTF-8 bytes of one UTF-16 unit; each half of a surrogate pair counts for two of its four bytes. */
function bytesOfUnit(unit: number): number {
  if (unit < 0x80) return 1
  if (unit < 0x800) return 2
  return unit >= 0xd800 && unit < 0xe000 ? 2 : 3
}

const isLow = (unit: number) => unit >= 0xdc00 && unit < 0xe000
const isHigh = (unit: number) => unit >= 0xd800 && unit < 0xdc00

/** How many units from the start fit into some bytes, never ending inside a surrogate pair. */
function unitsFromStart(text: string, limitBytes: number): number {
  let [units, bytes] = [0, 0]
  while (units < text.length) {
    bytes += bytesOfUnit(text.charCodeAt(units))
    if (bytes > limitBytes) break
    units += 1
  }
  return units > 0 && units < text.length && isHigh(text.charCodeAt(units - 1)) ? units - 1 : units
}

/** How many units from the end fit into some bytes, never starting inside a surrogate pair. */
function unitsFromEnd(text: string, limitBytes: number): number {
  let [units, bytes] = [0, 0]
  while (units < text.length) {
    bytes += bytesOfUnit(text.charCodeAt(text.length - 1 - units))
    if (bytes > limitBytes) break
    units += 1
  }
  return units > 0 && units < text.length && isLow(text.charCodeAt(text.length - units)) ? units - 1 : units
}

/** The text, or its beginning and its end if it has more bytes in UTF-8. Looks only at what it keeps. */
export function shortText(text: string, limitBytes: number): string {
  if (text.length * 3 <= limitBytes) return text
  if (text.length <= limitBytes && unitsFromStart(text, limitBytes) === text.length) return text
  // The mark has five characters, one of them of three bytes.
  const left = limitBytes - mark.length - 2
  const head = unitsFromStart(text, Math.ceil((left * 2) / 3))
  const tail = unitsFromEnd(text, Math.floor(left / 3))
  return `${text.slice(0, head)}${mark}${text.slice(text.length - tail)}`
}

const limits = { textBytes: 1_024, items: 100, depth: 6, allBytes: 16_384 } as const

interface Budget {
  bytes: number
}

function short(value: unknown, depth: number, budget: Budget): unknown {
  if (typeof value === 'string') {
    const text = shortText(value, Math.max(mark.length + 2, Math.min(limits.textBytes, budget.bytes)))
    budget.bytes -= text.length
    return text
  }
  budget.bytes -= 8
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value).slice(0, 80)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return value
  if (depth >= limits.depth) return mark.trim()
  if (Array.isArray(value)) {
    const items: unknown[] = []
    for (const item of value.slice(0, limits.items)) {
      if (budget.bytes <= 0) break
      items.push(short(item, depth + 1, budget))
    }
    return items.length < value.length ? [...items, mark.trim()] : items
  }
  return shortFields(value, depth, budget)
}

function shortFields(value: object, depth: number, budget: Budget): Record<string, unknown> {
  const fields: [string, unknown][] = []
  for (const name of Object.keys(value)) {
    if (fields.length >= limits.items || budget.bytes <= 0) {
      fields.push([mark.trim(), mark.trim()])
      break
    }
    const key = shortText(name, 256)
    budget.bytes -= key.length
    fields.push([key, short((value as Record<string, unknown>)[name], depth + 1, budget)])
  }
  return Object.fromEntries(fields)
}

/** A small, plain copy of an error's details, whatever values of a caller they have. */
export function shortDetails(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    return shortFields(details, 0, { bytes: limits.allBytes })
  } catch (error) {
    // A getter or a proxy of the caller threw. That error must not replace the one being made.
    return { unreadable: error instanceof Error ? shortText(error.name, 80) : typeof error }
  }
}
