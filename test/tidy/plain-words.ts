// Plain English in comments, guides and error texts: words that make a reader stop, each with the everyday ones.
import type { TextFile } from './repository.ts'
import type { SourceFile, SyntaxNode } from './source-file.ts'

/** Words and phrases that are refused, and what to write instead. */
const HARD: readonly (readonly [pattern: RegExp, plain: string])[] = [
  [/\banew\b/gi, 'again'],
  [/\bwhoever\b/gi, 'the caller, or the one that'],
  [/\bbeside\b/gi, 'next to, with, or in addition to'],
  [/\bnobody who\b/gi, 'no one that'],
  [/\bto who\b/gi, 'to those who'],
  [/\bthe other way about\b/gi, 'vice versa'],
  [/\bthere or not\b/gi, 'whether it exists or not'],
  [/\bsees to it\b/gi, 'checks, or makes sure'],
  [/\bgone on with\b/gi, 'continued'],
  [/\bt(?:ake|akes|aken|aking|ook) the place of\b/gi, 'replace'],
  // As a question it is ordinary: "What of the log?" has no verb behind it.
  [/\bwhat of (?=[a-z])/gi, 'the parts of … that'],
]

/** Documents that are read as they stand today. The change log keeps the words of its time. */
const isDocument = (path: string) => path.endsWith('.md') && path !== 'CHANGELOG.md'

const isSource = (path: string) => path.startsWith('src/') && path.endsWith('.ts')

/** Hard words in a document. */
export function checkDocument({ path, text }: TextFile): string[] {
  return isDocument(path) ? problemsIn(path, text, 1) : []
}

/** Hard words in the comments and the texts of a source file. Names in code are not looked at. */
export function checkWords(file: SourceFile): string[] {
  if (!isSource(file.path)) return []
  const problems = file.comments.flatMap(({ text, line }) => problemsIn(file.path, text, line))
  file.walk((node) => {
    const text = textOf(node)
    if (text !== null) problems.push(...problemsIn(file.path, text, file.lineAt(node.start)))
  })
  return problems
}

/** The words of a string, or of a piece of a template; null for any other node. A single word is a name, not a text. */
function textOf({ type, value }: SyntaxNode): string | null {
  const text = type === 'TemplateElement' ? (value as { readonly raw: string }).raw : value
  const isText = (type === 'Literal' || type === 'TemplateElement') && typeof text === 'string'
  return isText && text.trim().includes(' ') ? text : null
}

/** A phrase may be broken over two lines, with the star of a comment between its words. */
function problemsIn(path: string, text: string, firstLine: number): string[] {
  const flat = text.replace(/\n[ \t]*\*?[ \t]*/g, (gap) => `\n${' '.repeat(gap.length - 1)}`)
  const spaced = flat.replace(/\s/g, ' ').replace(/ {2,}/g, (gap) => ` ${'\u0000'.repeat(gap.length - 1)}`)
  const places = [...spaced].flatMap((character, index) => (character === '\u0000' ? [] : [index]))
  const words = spaced.replaceAll('\u0000', '')
  return HARD.flatMap(([pattern, plain]) => {
    return [...words.matchAll(pattern)].map(({ 0: found, index }) => {
      const line = firstLine + text.slice(0, places[index]).split('\n').length - 1
      return `${path}:${line}: instead of "${found.trim()}" write ${plain}`
    })
  })
}
