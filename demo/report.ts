/** What an agent's process tells the parent, for display and for the final check only: agents never talk this way. */
import type { Memory } from 'aquifer'
import { actorOf, openMemory, type Role } from './acme.ts'

export type Report =
  | { readonly kind: 'note'; readonly text: string }
  /** A step's commit to team memory was acknowledged; `replayed` if it had been applied before. */
  | { readonly kind: 'step'; readonly seat: string; readonly seq: number; readonly replayed: boolean }
  /** A merge into working memory was acknowledged. */
  | { readonly kind: 'merge'; readonly seat: string; readonly seq: number }
  /** A message was acknowledged. */
  | { readonly kind: 'message'; readonly id: string }
  /** What came over the feed: how many steps, and how many commits that were not the next one. */
  | { readonly kind: 'heard'; readonly steps: number; readonly outOfOrder: number }
  /** The agent is done; nothing follows. */
  | { readonly kind: 'end' }

export function report(message: Report): void {
  process.send?.(message)
}

export function note(text: string): void {
  report({ kind: 'note', text })
}

/** Runs one agent on the file named on the command line. Ends with the work, or with the parent. */
export async function runAgent(role: Role, work: (memory: Memory) => Promise<void>): Promise<void> {
  const [, , url] = process.argv
  if (url === undefined || process.send === undefined) {
    throw new Error(`demo/agents/${role}.ts is started by demo/demo.ts: run "npm run demo".`)
  }
  const orphaned = () => process.exit(1)
  process.once('disconnect', orphaned)
  await using memory = openMemory(url)
  await work(memory.as(actorOf(role)))
  // Reports go out in order: once this one is written, all are.
  await new Promise((resolve) => process.send?.({ kind: 'end' } satisfies Report, resolve))
  process.off('disconnect', orphaned)
  process.disconnect()
}
