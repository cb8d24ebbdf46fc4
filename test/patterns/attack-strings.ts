// Texts that a regular expression may take long over, made from its own syntax: what it repeats, behind what leads there, with an end that does not fit.
import { type AST, RegExpParser } from '@eslint-community/regexpp'

/** A text of any length: a head, something over and over, a tail. */
export interface AttackString {
  readonly head: string
  readonly pump: string
  readonly tail: string
}

/** Characters that stand for all kinds: a class is sampled by trying them. */
const kinds = [
  ...' \n\t\r"\'`<>&[](){}/\\.,:;-_+*=@#$%?!|~^09azAZmé\u0301\u200d\u200b\u00ad\uff1c\u4e2d\u3042\u0e01\u{1f600}',
]
const mostSamples = 3
const repeatedOften = 10

function sampleClass(
  node: AST.CharacterSet | AST.CharacterClass | AST.ExpressionCharacterClass,
  flags: string,
): string[] {
  const one = new RegExp(`^${node.raw}$`, flags.replace(/[gy]/g, ''))
  const found = kinds.filter((character) => one.test(character))
  return [...new Set([...found.slice(0, mostSamples - 1), ...found.slice(-1)])]
}

/** Every text of one list followed by every one of another, as many as are needed. */
function joined(left: readonly string[], right: readonly string[]): string[] {
  return left.flatMap((head) => right.map((tail) => head + tail)).slice(0, mostSamples)
}

/** Some of the texts that an element matches. */
function samples(node: AST.Element | AST.Alternative, flags: string): string[] {
  switch (node.type) {
    case 'Alternative':
      return node.elements.reduce<string[]>((before, element) => joined(before, samples(element, flags)), [''])
    case 'Character':
      return [String.fromCodePoint(node.value)]
    case 'CharacterSet':
    case 'CharacterClass':
    case 'ExpressionCharacterClass':
      return sampleClass(node, flags)
    case 'Group':
    case 'CapturingGroup':
      return node.alternatives.flatMap((alternative) => samples(alternative, flags)).slice(0, mostSamples)
    case 'Quantifier':
      return samples(node.element, flags).map((text) => text.repeat(Math.max(node.min, 1)))
    default:
      return ['']
  }
}

interface Repeated {
  /** What leads to it. */
  readonly head: string
  readonly pumps: readonly string[]
}

/** What is repeated anywhere in some alternatives, and what stands before it. */
function repeatedIn(alternatives: readonly AST.Alternative[], head: string, flags: string): Repeated[] {
  return alternatives.flatMap(({ elements }) => {
    let before = head
    return elements.flatMap((element) => {
      const own = repeatedAt(element, before, flags)
      before += samples(element, flags)[0] ?? ''
      return own
    })
  })
}

function repeatedAt(node: AST.Element, head: string, flags: string): Repeated[] {
  if (node.type === 'Quantifier') {
    const inner = repeatedAt(node.element, head, flags)
    return node.max < repeatedOften ? inner : [{ head, pumps: samples(node.element, flags) }, ...inner]
  }
  return 'alternatives' in node ? repeatedIn(node.alternatives, head, flags) : []
}

/** Texts to try a regular expression with. */
export function attackStrings(source: string, flags: string): AttackString[] {
  const { alternatives } = new RegExpParser().parsePattern(source, 0, source.length, {
    unicode: flags.includes('u'),
    unicodeSets: flags.includes('v'),
  })
  const repeated = repeatedIn(alternatives, '', flags)
  const wholes = alternatives.flatMap((alternative) => samples(alternative, flags))
  const runs = repeated.flatMap(({ head, pumps }) => pumps.map((pump) => ({ head, pump })))
  const pumps = new Set([...runs.map(({ pump }) => pump), ...wholes, ...wholes.flatMap((text) => Array.from(text))])
  const pairs = runs.flatMap(({ pump }) => runs.map((other) => pump + other.pump)).slice(0, 20)
  const starts = [
    ...runs,
    // Behind a letter, so that what is for the beginning of a text does not take it.
    ...runs.map(({ head, pump }) => ({ head: `a${head}`, pump })),
    // Many beginnings, each with a little of what it repeats.
    ...runs.map(({ head, pump }) => ({ head: '', pump: head + pump })),
    ...[...pumps, ...pairs].map((pump) => ({ head: '', pump })),
  ].filter(({ pump }) => pump !== '')
  return starts.flatMap((start) => ['', '\u0001', ' x'].map((tail) => ({ ...start, tail })))
}

/** An attack string of about so many characters. */
export function ofLength({ head, pump, tail }: AttackString, length: number): string {
  return head + pump.repeat(Math.ceil(length / pump.length)) + tail
}
