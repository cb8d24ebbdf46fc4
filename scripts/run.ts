// Runs a command for a script: its output is answered, and is shown only if the command fails.
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process'

export interface RunOptions {
  /** The folder it runs in. */
  readonly cwd: string
  /** Variables that it gets besides those of this process. */
  readonly env?: Readonly<Record<string, string>>
}

/** Answers what the command printed; throws with all of its output if it fails. */
export function run(command: string, args: readonly string[], { cwd, env }: RunOptions): string {
  // npm hands its own settings to the scripts that it runs; the folder it works in must not reach the npm inside.
  const own = Object.entries(process.env).filter(([name]) => name !== 'npm_config_local_prefix')
  const options: ExecFileSyncOptions = {
    cwd,
    env: { ...Object.fromEntries(own), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  }
  try {
    return execFileSync(command, args, options).toString()
  } catch (error) {
    const output = error as { stdout?: Buffer; stderr?: Buffer }
    throw new Error(`${command} ${args.join(' ')} failed:\n${output.stdout ?? ''}${output.stderr ?? ''}`, {
      cause: error,
    })
  }
}
