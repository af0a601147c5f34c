/**
 * A member of a consumer group, with Kafka's own consumer (java/GroupMember.java): what its group
 * metadata is, for offsets that are committed in its name.
 *
 * Neighbour: transactions.ts asks what was committed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter } from 'node:path'
import { createInterface } from 'node:readline'
import { compiledProgram } from './compiled-program.js'
import { javaProgram } from './java.js'
import { kafkaClassPath } from './jars.js'
import type { Kafka } from './kafka.js'
import { kafkaVersion, PINNED_VERSION } from './versions.js'

/** The new protocol (KIP-848) is there from 4.0. */
export type GroupProtocol = 'classic' | 'consumer'

export interface GroupMember {
  /** The generation; in the new protocol the member's epoch. */
  readonly generationId: number
  readonly memberId: string
  /** Leaves the group; resolves when the process is gone. */
  leave(): Promise<void>
}

/** Joins; resolves once the member has every partition of the topic. */
export async function joinGroup(
  kafka: Kafka,
  group: string,
  topic: string,
  protocol: GroupProtocol = 'classic',
): Promise<GroupMember> {
  const version = kafkaVersion(kafka.version === 'unknown' ? PINNED_VERSION : kafka.version)
  const classPath = await kafkaClassPath(version, () => {})
  const program = await compiledProgram(classPath, 'GroupMember')
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'
  const java = [quiet, '-Xmx256m', '-cp', [program, classPath].join(delimiter), 'GroupMember']
  const args = [...java, kafka.bootstrap.join(','), group, topic, protocol]
  const child = spawn(javaProgram(), args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const first = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>
  const told = await Promise.race([first, ended.then(() => null)])
  if (told === null) throw new Error(`the member of group ${group} ended before it had joined`)
  const [generationId, memberId = ''] = told[0].split(' ')
  return {
    generationId: Number(generationId),
    memberId,
    async leave() {
      child.stdin.end()
      await ended
    },
  }
}
