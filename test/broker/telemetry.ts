/**
 * A real Kafka with a telemetry plug-in (java/TelemetryReceiver.java): what it is asked to have pushed,
 * and what was.
 *
 *   IncrementalAlterConfigs v0  request   [ resourceType int8, resourceName string,
 *                                           [ name string, operation int8, value nullable string ] ]
 *                                         validateOnly boolean
 *                               response  throttleTimeMs int32 [ errorCode int16, errorMessage nullable
 *                                         string, resourceType int8, resourceName string ]
 *
 * Spec: KIP-714, IncrementalAlterConfigsRequest.json. Neighbours: cluster.ts puts it on the class path.
 */
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { errorCode } from '../../src/protocol/error-codes.js'
import { ask, type ClientApi } from './ask.js'
import type { ClusterSetUp } from './cluster.js'
import { compiledProgram } from './compiled-program.js'
import { kafkaClassPath } from './jars.js'
import { runJava } from './java.js'
import type { Kafka, StartOptions } from './kafka.js'
import { kafkaVersion, PINNED_VERSION } from './versions.js'

const PLUG_IN = 'TelemetryReceiver'
const SENDER = 'PushMetrics'
const CLIENT_METRICS = 16
const SET = 0

/** A push as the plug-in was given it. */
export interface ReceivedPush {
  readonly clientId: string
  readonly clientInstanceId: string
  readonly terminating: boolean
  readonly contentType: string
  /** Decompressed. */
  readonly metrics: Buffer
}

/** How to start such a Kafka, and what it was pushed. */
export interface TelemetryKafka {
  readonly options: StartOptions
  /** Sends records with Kafka's own producer until its metrics were pushed; its client instance id. */
  pushWithJava(kafka: Kafka, topic: string, clientId: string): Promise<string>
  pushes(): Promise<ReceivedPush[]>
}

/** `maxBytes`: of a push as it travels. */
export function telemetryKafka(maxBytes: number): TelemetryKafka {
  let file = ''
  const setUp = async (folder: string): Promise<ClusterSetUp> => {
    file = join(folder, 'telemetry.txt')
    const jars = await kafkaClassPath(kafkaVersion(PINNED_VERSION), () => {})
    return {
      ...{ listeners: [], jvmFlags: [], classPath: await compiledProgram(jars, PLUG_IN) },
      config: {
        ...{ 'metric.reporters': PLUG_IN, 'ottla.telemetry.file': file },
        'telemetry.max.bytes': String(maxBytes),
      },
    }
  }
  return {
    options: { own: true, version: PINNED_VERSION, setUp },
    pushWithJava: async (kafka, topic, clientId) => {
      const jars = await kafkaClassPath(kafkaVersion(PINNED_VERSION), () => {})
      const classPath = [await compiledProgram(jars, SENDER), jars].join(delimiter)
      const said = await runJava(classPath, SENDER, [kafka.bootstrap.join(), topic, clientId, file])
      return said.trim()
    },
    pushes: async () => {
      const text = await readFile(file, 'utf8').catch(() => '')
      return text.split('\n').slice(0, -1).map(pushOf)
    },
  }
}

function pushOf(line: string): ReceivedPush {
  const [clientId = '', clientInstanceId = '', isLast, contentType = '', base64 = ''] =
    line.split(' ')
  const metrics = Buffer.from(base64, 'base64')
  return { clientId, clientInstanceId, terminating: isLast === 'true', contentType, metrics }
}

/** What is to be pushed, as `kafka-configs --entity-type client-metrics` would say it. */
export interface ClientMetricsConfig {
  readonly name: string
  readonly 'interval.ms': number
  readonly metrics: string
  /** As `client_id=…`, a regular expression. */
  readonly match: string
}

const incrementalAlterConfigs: ClientApi<ClientMetricsConfig, number> = {
  name: 'IncrementalAlterConfigs',
  key: 44,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 1,
  encodeRequest(writer, { name, ...settings }) {
    writer.writeArray([name], false, () => {
      writer.writeInt8(CLIENT_METRICS)
      writer.writeString(name, false)
      writer.writeArray(Object.entries(settings), false, ([key, value]) => {
        writer.writeString(key, false)
        writer.writeInt8(SET)
        writer.writeNullableString(String(value), false)
      })
    })
    writer.writeBoolean(false)
  },
  decodeResponse(reader) {
    reader.readInt32()
    const readOne = (): number => {
      const code = reader.readInt16()
      reader.readNullableString(false)
      reader.readInt8()
      reader.readString(false)
      return code
    }
    return reader.readArray(false, readOne, 7)[0] ?? -1
  },
}

/** Makes a subscription, or changes it. */
export async function subscribeTo(kafka: Kafka, config: ClientMetricsConfig): Promise<void> {
  const code = await ask(kafka.bootstrap[0] as string, incrementalAlterConfigs, 0, config)
  if (code !== 0) throw new Error(`no subscription was made: ${errorCode(code).name}`)
}
