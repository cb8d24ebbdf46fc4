/** Texts as the pieces of words that the model knows, by number: the tokenizer of Hugging Face, with the tables of the weights' package. */
import { readFileSync } from 'node:fs'

/** The numbers of a text's pieces, those of its beginning and end included; what is beyond `most` is left out. */
export type WordPieces = (text: string, most: number) => readonly number[]

/** Reads a `tokenizer.json`. The package that understands it is optional, as the weights are. */
export async function openWordPieces(tokenizerPath: string): Promise<WordPieces> {
  const { Tokenizer } = await import('@huggingface/tokenizers')
  const tokenizer = new Tokenizer(JSON.parse(readFileSync(tokenizerPath, 'utf8')), {})
  return (text, most) => {
    const { ids } = tokenizer.encode(text)
    // The last one says that the text ends.
    return ids.length <= most ? ids : [...ids.slice(0, most - 1), ...ids.slice(-1)]
  }
}
