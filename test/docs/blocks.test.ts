/**
 * Every TypeScript and JavaScript block of the pages compiles against the types of src/, in one
 * program. A block without imports may use `producer`, as text around it does.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import ts from 'typescript'
import { projectFile } from '../broker/project.js'
import { codeBlocks, pages, type CodeBlock } from './markdown.js'

const LANGUAGES: Readonly<Record<string, string>> = {
  ts: '.mts',
  typescript: '.mts',
  js: '.mjs',
  javascript: '.mjs',
}

/** What the blocks may lean on: a producer, and packages that are not ours, as far as they are used. */
const AMBIENT = `
declare const producer: import('ottla').Producer
declare module 'kafkajs' {
  interface Batch {
    readonly topic: string
    readonly partition: number
    readonly messages: readonly {
      readonly key: Buffer | null
      readonly value: Buffer | null
      readonly timestamp: string
      readonly headers?: IHeaders
    }[]
    lastOffset(): string
  }
  export interface EachBatchPayload { readonly batch: Batch }
  export interface IHeaders {
    [name: string]: Buffer | string | (Buffer | string)[] | undefined
  }
}
declare module '@platformatic/kafka' {
  export interface Message {
    readonly topic: string
    readonly partition: number
    readonly key: Buffer
    readonly value: Buffer
    readonly offset: bigint
    readonly leaderEpoch: number
    readonly headers: Map<Buffer, Buffer>
    readonly timestamp: bigint
    readonly metadata: Readonly<Record<string, unknown>>
  }
}
declare module 'kerberos' {
  namespace kerberos {
    interface KerberosClient {
      readonly contextComplete: boolean
      step(challenge: string): Promise<string | null>
      unwrap(challenge: string): Promise<string>
      wrap(challenge: string): Promise<string>
    }
    function initializeClient(service: string): Promise<KerberosClient>
  }
  export default kerberos
}
declare module '@opentelemetry/sdk-node' {
  export class NodeSDK { start(): void; shutdown(): Promise<void> }
}
declare module 'fastify' {
  interface Reply {
    code(status: number): Reply
    send(body: unknown): Reply
  }
  interface Server {
    get(path: string, handler: (request: unknown, reply: Reply) => Reply): void
    addHook(name: string, hook: () => Promise<void>): void
    listen(options: { port: number }): Promise<string>
    readonly log: { error(error: unknown): void }
  }
  export default function Fastify(options?: { logger?: boolean }): Server
}
declare module '@nestjs/common' {
  type Decorator = (...given: unknown[]) => void
  export const Controller: (path?: string) => Decorator, Get: (path: string) => Decorator
  export const Injectable: () => Decorator, Inject: (token: unknown) => Decorator
  export const Module: (parts: object) => Decorator
  export interface OnModuleInit { onModuleInit(): void }
  export interface OnApplicationShutdown { onApplicationShutdown(): Promise<void> }
  export class ServiceUnavailableException { constructor(body: object) }
}
declare module '@jest/globals' {
  type Body = () => Promise<void>
  export const afterEach: (body: Body) => void, beforeEach: (body: Body) => void
  export const test: (name: string, body: Body) => void
  export const expect: (value: unknown) => { toEqual(expected: unknown): void }
}
declare module 'vitest' {
  export { afterEach, beforeEach, expect, test } from '@jest/globals'
  export const vi: { useFakeTimers(options: { now: number }): void; useRealTimers(): void }
}
declare module '#gen/order_pb.js' {
  import type { Message } from '@bufbuild/protobuf'
  import type { GenMessage } from '@bufbuild/protobuf/codegenv2'
  export type Order = Message<'shop.Order'> & { id: string; totalCents: bigint }
  export type Cancelled = Message<'shop.Cancelled'> & { id: string }
  export const OrderSchema: GenMessage<Order>, CancelledSchema: GenMessage<Cancelled>
}
`

const blocks = pages()
  .flatMap(codeBlocks)
  .filter(({ language }) => Object.hasOwn(LANGUAGES, language))

/** A name in a folder that does not exist, so that node_modules above it is found. */
function virtualName({ path, line, language }: CodeBlock): string {
  const name = `${path.replaceAll(/[/.]/g, '-')}-${line}`
  return projectFile('.blocks', name + (LANGUAGES[language] ?? ''))
}

/** The entries of the package, by what is imported: the sources that they are built from. */
function entries(): Record<string, string[]> {
  const { exports } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8')) as {
    exports: Record<string, { readonly import?: { readonly default: string } }>
  }
  const paths: Record<string, string[]> = {}
  for (const [entry, { import: built }] of Object.entries(exports)) {
    if (built === undefined) continue
    const source = built.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts')
    paths[entry.replace('.', 'ottla')] = [projectFile(source)]
  }
  return paths
}

function compile(files: ReadonlyMap<string, string>): readonly ts.Diagnostic[] {
  const { config } = ts.readConfigFile(projectFile('tsconfig.json'), (path) => {
    return readFileSync(path, 'utf8')
  }) as { config: { compilerOptions: object } }
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, projectFile())
  delete options.tsBuildInfoFile // not without incremental
  const settings: ts.CompilerOptions = {
    ...options,
    incremental: false,
    ...{ noEmit: true, declaration: false, declarationMap: false, sourceMap: false },
    ...{ noUnusedLocals: false, noUnusedParameters: false, allowJs: true, checkJs: true },
    paths: entries(),
  }
  const host = ts.createCompilerHost(settings)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => files.has(path) || fileExists(path)
  host.readFile = (path) => files.get(path) ?? readFile(path)
  host.getSourceFile = (path, target, ...rest) => {
    const text = files.get(path)
    if (text === undefined) return getSourceFile(path, target, ...rest)
    return ts.createSourceFile(path, text, target)
  }
  const program = ts.createProgram([...files.keys()], settings, host)
  return [...files.keys()].flatMap((path) => {
    const file = program.getSourceFile(path)
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
  })
}

t.test('the pages have blocks of code', async (t) => {
  t.ok(blocks.some(({ path }) => path === 'README.md'))
})

t.test('every block compiles against the types', async (t) => {
  const files = new Map(blocks.map((block) => [virtualName(block), `${block.code}\nexport {}\n`]))
  files.set(projectFile('.blocks', 'ambient.d.cts'), AMBIENT)
  const faults = compile(files).map(({ file, start = 0, messageText }) => {
    const { line } = file?.getLineAndCharacterOfPosition(start) ?? { line: 0 }
    const text = ts.flattenDiagnosticMessageText(messageText, '\n')
    return `${file?.fileName.replace(projectFile('.blocks'), '')} + ${line}: ${text}`
  })
  t.strictSame(faults, [])
})
