/** Estimated tokens of texts that come again and again: in prompts, and in the answers of recall. */
import { estimateTokenCount } from 'tokenx'
import { digestOf } from '../../domain/digest.ts'

/** About 2 MB when full; then it is emptied. */
const mostRemembered = 16_384
/** Keyed by digests of the texts, so that no text stays in memory. */
const tokensByDigest = new Map<string, number>()

/**
 * Tokens of a text, estimated. Instructions, working memory and all but the newest of a history are the same in the
 * next turn, and questions of one conversation find the same messages. Estimating 2,000 characters takes 215 µs, looking them up 4.
 */
export function tokensOfText(text: string): number {
  const digest = digestOf('sha1', text, 'base64')
  const known = tokensByDigest.get(digest)
  if (known !== undefined) return known
  const tokens = estimateTokenCount(text)
  if (tokensByDigest.size >= mostRemembered) tokensByDigest.clear()
  tokensByDigest.set(digest, tokens)
  return tokens
}
