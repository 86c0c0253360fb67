// The test suites: `unit` beside the code, `integration` against the real process, `interop` against
// real peers, `browser` in Chromium. The last two share ports and peers, hence run one file at a time.
import { defineConfig } from 'vitest/config'

const base = { requireAssertions: true } as const

export default defineConfig({
  test: {
    expect: base,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{deploy,shared,services}/**/*.test.ts'],
          // Ends what hangs; a slow board, or one that does other things too, is no failure.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/*.test.ts', 'test/support/**/*.test.ts', 'test/integration/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'deploy',
          include: ['test/deploy/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
