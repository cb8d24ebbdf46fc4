/** One agent as an operating-system process of its own, and what it reported. */
import { type ChildProcess, spawn } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Role } from './acme.ts'
import type { Report } from './report.ts'

const running = new Set<ChildProcess>()

/** Ends every agent that is still running, so that none outlives the demo. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

export class AgentProcess {
  readonly role: Role
  readonly pid: number | undefined
  readonly reports: Report[] = []
  /** How it ended: its exit code or the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals>
  readonly #child: ChildProcess

  constructor(role: Role, url: string, onReport: (report: Report) => void) {
    this.role = role
    // Started as this process was: from sources or, built, as JavaScript.
    const file = fileURLToPath(new URL(`./agents/${role}${extname(import.meta.url)}`, import.meta.url))
    this.#child = spawn(process.execPath, [...process.execArgv, file, url], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.pid = this.#child.pid
    running.add(this.#child)
    this.#child.on('message', (message) => {
      const report = message as Report
      this.reports.push(report)
      onReport(report)
    })
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      // 'close' comes after the last report, 'exit' may come before it.
      this.#child.once('close', (code, signal) => {
        running.delete(this.#child)
        resolve(signal ?? code ?? 1)
      })
    })
  }

  /** SIGKILL: the process gets no chance to finish or to clean up. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Resolves when it ended well; an error if it did not. */
  async finished(): Promise<void> {
    const how = await this.ended
    if (how !== 0) throw new Error(`The ${this.role} agent ended with ${how}.`)
  }
}
