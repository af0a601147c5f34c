/**
 * Which peers there are, in which forms each is measured, and what each can do.
 */
import type { Group, Subject, TaskChanges } from '../cases/case.js'
import type { SubjectTask } from '../contract.js'
import type { SubjectProgram } from '../support/run-subject.js'
import { projectFile } from '../../test/broker/project.js'

/** One client that Ottla is compared with. */
export interface Peer {
  readonly name: string
  /** `newer`: the Node that `install.ts` fetches for peers that do not run on this one. */
  readonly node: 'this' | 'newer' | null
  readonly program: (newerNode: string) => SubjectProgram
  readonly forms: readonly Form[]
  /** Whether it can do what a group asks for. */
  readonly can: (task: TaskChanges) => boolean
}

/** One row of a peer. */
interface Form {
  readonly title: string
  readonly mode: SubjectTask['mode']
  readonly recommended: boolean
  readonly outstanding?: number
}

/** One call a record: more would only wait inside the client, and time out there. */
const ONE_BY_ONE: Form = {
  title: 'one by one',
  mode: 'send',
  recommended: false,
  outstanding: 1_000,
}
const LISTS: Form = { title: 'lists of 1,000', mode: 'sendAll', recommended: false }
const LISTS_RECOMMENDED: Form = { ...LISTS, title: 'lists, its defaults', recommended: true }
const CALLBACK: Form = { title: '', mode: 'enqueue', recommended: false }
const CALLBACK_RECOMMENDED: Form = { ...CALLBACK, title: 'its defaults', recommended: true }
const PROMISE: Form = { title: 'a promise each', mode: 'send', recommended: false }

const codecOf = ({ settings }: TaskChanges): string => settings?.compression ?? 'none'
const namesPartitions = ({ busyPartitions = 0 }: TaskChanges): boolean => busyPartitions > 0
const hasKeys = ({ keysAndHeaders = false }: TaskChanges): boolean => keysAndHeaders

/** What librdkafka's own tool can do: without values of ours and with nothing special. */
const isPlain = (task: TaskChanges): boolean =>
  !namesPartitions(task) && !hasKeys(task) && !task.ratePerSecond && codecOf(task) === 'none'

export const PEERS: readonly Peer[] = [
  {
    name: 'kafkajs',
    node: 'this',
    program: () => adapter('kafkajs'),
    forms: [ONE_BY_ONE, LISTS, LISTS_RECOMMENDED],
    can: (task) => ['none', 'gzip'].includes(codecOf(task)),
  },
  {
    name: '@platformatic/kafka',
    node: 'newer',
    program: (newerNode) => ({ ...adapter('platformatic'), command: newerNode }),
    forms: [ONE_BY_ONE, LISTS, LISTS_RECOMMENDED],
    can: () => true,
  },
  {
    name: 'kafka-ts',
    node: 'this',
    program: () => adapter('kafka-ts'),
    forms: [ONE_BY_ONE, LISTS, LISTS_RECOMMENDED],
    can: (task) => codecOf(task) === 'none',
  },
  {
    name: 'node-rdkafka',
    node: 'this',
    program: () => adapter('node-rdkafka'),
    forms: [CALLBACK, PROMISE, CALLBACK_RECOMMENDED],
    can: () => true,
  },
  {
    name: 'kafka-crab-js',
    node: 'newer',
    program: (newerNode) => ({ ...adapter('kafka-crab'), command: newerNode }),
    forms: [ONE_BY_ONE, LISTS, LISTS_RECOMMENDED],
    can: (task) => !namesPartitions(task),
  },
  {
    name: 'librdkafka',
    node: null,
    program: () => adapter('rdkafka-performance'),
    forms: [CALLBACK, CALLBACK_RECOMMENDED],
    can: isPlain,
  },
  {
    name: 'librdkafka',
    node: null,
    program: () => adapter('librdkafka'),
    forms: [CALLBACK, CALLBACK_RECOMMENDED],
    can: (task) => !isPlain(task),
  },
  {
    name: 'franz-go',
    node: null,
    program: () => ({ command: FRANZ_GO, args: [] }),
    forms: [CALLBACK, CALLBACK_RECOMMENDED],
    can: () => true,
  },
  {
    name: 'java',
    node: null,
    program: () => adapter('java'),
    forms: [CALLBACK, CALLBACK_RECOMMENDED],
    can: (task) => !namesPartitions(task) && !hasKeys(task),
  },
]

/** Where `install.ts` puts the compiled programs: this bench's, and that of `npm run chaos`. */
export const LIBRDKAFKA = projectFile('bench', 'peers', 'bin', 'librdkafka')
export const FRANZ_GO = projectFile('bench', 'peers', 'bin', 'franz-go')
export const FRANZ_GO_CHAOS = projectFile('bench', 'peers', 'bin', 'franz-go-chaos')

function adapter(file: string): SubjectProgram {
  return { args: [new URL(`${file}.js`, import.meta.url).pathname] }
}

/** The group with a row for each form of each peer that can do what it asks for. */
export function withPeers(group: Group, peers: readonly Peer[], newerNode: string): Group {
  if (!group.takesPeers) return group
  const subjects = peers
    .filter((peer) => peer.can(group.task))
    .flatMap((peer) => formsFor(peer, group).map((form) => toSubject(peer, form, newerNode)))
  return {
    ...group,
    subjects: [...group.subjects, ...onNewerNode(group, newerNode), ...subjects],
  }
}

/** Ottla once more, on what some of its peers run on; its plain rows are on this Node. */
function onNewerNode(group: Group, newerNode: string): Subject[] {
  const isWanted =
    group.takesNewerNode === true && newerNode !== '' && newerNode !== process.execPath
  return group.subjects
    .filter(({ name }) => isWanted && name.startsWith('ottla '))
    .map((subject) => ({
      ...subject,
      name: `${subject.name}, newer Node`,
      program: { ...subject.program, command: newerNode },
    }))
}

/** At a fixed rate records come one by one whatever the form: lists say nothing there. */
function formsFor({ forms }: Peer, { task }: Group): readonly Form[] {
  return task.ratePerSecond === undefined ? forms : forms.filter(({ mode }) => mode !== 'sendAll')
}

function toSubject(peer: Peer, form: Form, newerNode: string): Subject {
  const { title, mode, recommended, outstanding } = form
  return {
    name: title === '' ? peer.name : `${peer.name}, ${title}`,
    program: peer.program(newerNode),
    task: { mode, recommended, ...(outstanding === undefined ? {} : { outstanding }) },
  }
}
