// The far side of a thread under test: each text says what becomes of it; others get a vector that counts them.
import { parentPort, threadId } from 'node:worker_threads'
import type { ThreadAnswer } from '../../src/derive/embed-thread.ts'

let count = 0

function answerTo(text: string): ThreadAnswer {
  count++
  if (text === 'die') process.exit(3)
  if (text === 'throw') throw new Error('out of memory')
  if (text === 'fail') return { status: 'failed', message: 'no such token' }
  if (text === 'missing') return { status: 'missing', message: 'Cannot find package' }
  return { status: 'embedded', vector: Float32Array.of(threadId, count, text.length) }
}

parentPort?.on('message', (text: string) => parentPort?.postMessage(answerTo(text)))
