import { defineConfig } from 'vitest/config'
import { testLimitMs, waitLimitMs } from './test/run-lengths.ts'

// Tests import `aquifer` by its own name, as users do; this condition leads to the sources, so no build comes first.
// `node` alone beside it: bundlers' conditions (`module`, `development`) would test builds that Node never loads.
const conditions = ['aquifer-source', 'node']

export default defineConfig({
  resolve: { conditions },
  // As `tsc` builds it: the oldest supported Node has no `await using`.
  oxc: { target: 'es2024' },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: testLimitMs,
    hookTimeout: testLimitMs,
    expect: { poll: { timeout: waitLimitMs, interval: 5 } },
    reporters: ['default'],
  },
})
