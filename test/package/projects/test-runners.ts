/**
 * Test runners and the programs that run TypeScript as it is.
 */
import {
  ES_MODULE,
  fakedTestFile,
  IMPORTS,
  mochaFile,
  REQUIRES,
  SENT,
  testFile,
} from '../programs.js'
import { codeBlocks, page } from '../../docs/markdown.js'
import type { Command, Workshop } from '../workshop.js'
import type { Project } from './project.js'

const TEST_RUNNERS_GROUP = 'Tests and TypeScript as it is'
const COMMONJS_PACKAGE = '{ "private": true, "type": "commonjs" }'
const MODULE_PACKAGE = '{ "private": true, "type": "module" }'
const TSCONFIG = JSON.stringify({
  compilerOptions: {
    ...{ target: 'ES2022', module: 'commonjs', moduleResolution: 'node10', strict: true },
    ...{ esModuleInterop: true, skipLibCheck: true, types: ['node', 'jest', 'mocha'] },
  },
})
const BABEL = `module.exports = { presets: [
  ['@babel/preset-env', { targets: { node: 'current' } }], '@babel/preset-typescript'] }`

/** The program of docs/testing-your-code.md that has this line. */
function pageTest(line: string): string {
  const blocks = codeBlocks(page('docs/testing-your-code.md'))
  const found = blocks.find(({ code }) => code.includes(line))
  if (found === undefined) throw new Error(`the page has no test with: ${line}`)
  return found.code
}

interface Runner {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  /** Path of the tool's program, then its arguments. */
  readonly tool: readonly [string, ...string[]]
  readonly flags?: readonly string[]
  readonly node?: string
  readonly isInSubset?: boolean
  /** What it prints; a runner of tests tells by its exit code. */
  readonly expected?: string
}

const JEST = ['jest/bin/jest.js', '--ci', '--rootDir=.'] as const
const VITEST = ['vitest/vitest.mjs', 'run'] as const

const JEST_FAKES = 'jest.useFakeTimers()'
const VITEST_FAKES = 'vi.useFakeTimers()'
const VITEST_IMPORTS = `import { expect, test, vi } from 'vitest'`
const AWAITED_IMPORTS = `const { Producer } = await import('ottla')
const { TestCluster } = await import('ottla/testing')\n`

const RUNNERS: readonly Runner[] = [
  {
    name: 'Jest, as installed',
    files: { 'package.json': COMMONJS_PACKAGE, 'send.test.js': testFile(REQUIRES) },
    tool: JEST,
    isInSubset: true,
  },
  ...['20.19', '22.12', '24', '26'].map((node) => ({
    name: `Jest, as installed, Node ${node}`,
    files: { 'package.json': COMMONJS_PACKAGE, 'send.test.js': testFile(REQUIRES) },
    tool: JEST,
    node,
  })),
  {
    name: 'Jest, ES modules (--experimental-vm-modules)',
    files: {
      'package.json': MODULE_PACKAGE,
      'send.test.js': testFile(IMPORTS),
      'jest.config.js': 'export default { transform: {} }',
    },
    flags: ['--experimental-vm-modules'],
    tool: JEST,
  },
  {
    name: 'ts-jest',
    files: {
      'package.json': COMMONJS_PACKAGE,
      'tsconfig.json': TSCONFIG,
      'send.test.ts': testFile(IMPORTS),
      'jest.config.js': `module.exports = { preset: 'ts-jest' }`,
    },
    tool: JEST,
    isInSubset: true,
  },
  {
    name: 'babel-jest, TypeScript',
    files: {
      'package.json': COMMONJS_PACKAGE,
      'babel.config.js': BABEL,
      'send.test.ts': testFile(IMPORTS),
    },
    tool: JEST,
  },
  {
    name: 'vitest',
    files: {
      'package.json': MODULE_PACKAGE,
      'send.test.ts': testFile(`import { expect, test } from 'vitest'\n${IMPORTS}`),
    },
    tool: VITEST,
    node: '24',
    isInSubset: true,
  },
  {
    name: 'the page’s test for Jest (ts-jest)',
    files: {
      'package.json': COMMONJS_PACKAGE,
      'tsconfig.json': TSCONFIG,
      'page.test.ts': pageTest("from '@jest/globals'"),
      'jest.config.js': `module.exports = { preset: 'ts-jest' }`,
    },
    tool: JEST,
  },
  {
    name: 'the page’s test for vitest',
    files: { 'package.json': MODULE_PACKAGE, 'page.test.ts': pageTest("from 'vitest'") },
    tool: VITEST,
    node: '24',
  },
  ...(['loaded', 'before'] as const).flatMap((when) => [
    {
      name: `Jest, fake timers, ${when === 'loaded' ? 'after' : 'before'} Ottla is loaded`,
      files: {
        'package.json': COMMONJS_PACKAGE,
        'send.test.js': fakedTestFile(JEST_FAKES, REQUIRES, when),
      },
      tool: JEST,
      isInSubset: true,
    },
    {
      name: `vitest, fake timers, ${when === 'loaded' ? 'after' : 'before'} Ottla is loaded`,
      files: {
        'package.json': MODULE_PACKAGE,
        'send.test.js': `${VITEST_IMPORTS}\n${fakedTestFile(VITEST_FAKES, AWAITED_IMPORTS, when)}`,
      },
      tool: VITEST,
      node: '24',
      isInSubset: true,
    },
  ]),
  {
    name: 'Jest, fake timers for all (enableGlobally)',
    files: {
      'package.json': COMMONJS_PACKAGE,
      'send.test.js': testFile(REQUIRES),
      'jest.config.js': 'module.exports = { fakeTimers: { enableGlobally: true } }',
    },
    tool: JEST,
  },
  {
    name: 'Mocha, CommonJS',
    files: { 'package.json': COMMONJS_PACKAGE, 'send.js': mochaFile(REQUIRES) },
    tool: ['mocha/bin/mocha.js', 'send.js'],
    isInSubset: true,
  },
  {
    name: 'Mocha, ES module',
    files: { 'package.json': MODULE_PACKAGE, 'send.js': mochaFile(IMPORTS) },
    tool: ['mocha/bin/mocha.js', 'send.js'],
  },
  ...(['commonjs', 'module'] as const).map((type) => ({
    name: `tsx, type ${type}`,
    files: { 'package.json': JSON.stringify({ type }), 'send.ts': ES_MODULE },
    tool: ['tsx/dist/cli.mjs', 'send.ts'] as const,
    expected: SENT,
  })),
  {
    name: 'ts-node, CommonJS',
    files: {
      'package.json': COMMONJS_PACKAGE,
      'tsconfig.json': TSCONFIG,
      'send.ts': ES_MODULE,
    },
    tool: ['ts-node/dist/bin.js', 'send.ts'],
    expected: SENT,
    isInSubset: true,
  },
]

async function tryRunner(runner: Runner, workshop: Workshop): Promise<void> {
  const { name, files, tool, flags = [], node, expected = '' } = runner
  const [program, ...rest] = tool
  const cwd = await workshop.project(name, files)
  const command: Command = {
    cwd,
    args: [...flags, workshop.tool(program), ...rest],
    ...(node === undefined ? {} : { node: await workshop.node(node) }),
  }
  await workshop.expect(expected, command)
}

export const TEST_RUNNERS: readonly Project[] = RUNNERS.map((runner) => ({
  group: TEST_RUNNERS_GROUP,
  name: runner.name,
  isInSubset: runner.isInSubset === true,
  try: (workshop) => tryRunner(runner, workshop),
}))
