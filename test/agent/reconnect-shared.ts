// What a test and the process of its agent tell each other.

export interface RunningTask {
  readonly url: string
  readonly at: { readonly resourceId: string; readonly threadId: string }
  readonly turnLeaseMs: number
}

/** That the turn is open, and then how it ended. */
export interface RunningLine {
  readonly turnId: string | null
  readonly status: string
}

/** All chunks of a stream, once it has ended. */
export async function allOf<Chunk>(stream: ReadableStream<Chunk> | null): Promise<readonly Chunk[]> {
  const chunks: Chunk[] = []
  for await (const chunk of stream ?? []) chunks.push(chunk)
  return chunks
}
