/**
 * Loggers that people have: their types fit the option `logger`, and a producer with one sends.
 */
import { SENT, TYPED } from '../programs.js'
import type { Workshop } from '../workshop.js'
import type { Project } from './project.js'

interface LoggerKind {
  readonly name: string
  readonly imports: string
  /** The expression that is handed in. */
  readonly logger: string
}

const KINDS: readonly LoggerKind[] = [
  { name: 'console', imports: '', logger: 'console' },
  { name: 'pino', imports: `import { pino } from 'pino'`, logger: `pino({ level: 'silent' })` },
  {
    name: 'winston',
    imports: `import { createLogger } from 'winston'`,
    logger: 'createLogger({ silent: true })',
  },
]

async function tryLogger({ name, imports, logger }: LoggerKind, workshop: Workshop): Promise<void> {
  const typed = TYPED.replace(/^declare .*$/m, '')
    .replace('brokers: cluster.bootstrap', `brokers: cluster.bootstrap, logger: ${logger}`)
    .replace(/^/, `${imports}\n`)
  const options = { module: 'node16', target: 'ES2022', strict: true, skipLibCheck: true }
  const compilerOptions = { ...options, types: ['node'], outDir: 'out', rootDir: '.' }
  const cwd = await workshop.project(`logger ${name}`, {
    'package.json': '{ "private": true, "type": "commonjs" }',
    'tsconfig.json': JSON.stringify({ compilerOptions, files: ['send.cts', 'send.mts'] }),
    'send.cts': typed,
    'send.mts': typed,
  })
  await workshop.run({ cwd, args: [workshop.tool('typescript/bin/tsc'), '--project', '.'] })
  for (const program of ['out/send.cjs', 'out/send.mjs']) {
    await workshop.expect(SENT, { cwd, args: [program] })
  }
}

export const LOGGER_PROJECTS: readonly Project[] = KINDS.map((kind) => ({
  group: 'Loggers: types, and a record sent',
  name: kind.name,
  isInSubset: kind.name === 'pino',
  try: (workshop) => tryLogger(kind, workshop),
}))
