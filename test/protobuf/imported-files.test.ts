/** The files that a Protobuf file imports: how often each is encoded and asked for. */
import { create, createFileRegistry, type DescFile } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import t from 'tap'
import { definitionWithImports } from '../../src/protobuf/imported-files.js'
import type { SchemaRegistry } from '../../src/schema-registry/schema-registry.js'

/** Levels of two files, each of which imports both of the level below; the uppermost `a`. */
function diamonds(levels: number): DescFile {
  const file = Array.from({ length: levels }, (_, level) =>
    ['a', 'b'].map((side) =>
      create(FileDescriptorProtoSchema, {
        ...{ name: `${side}${level}.proto`, package: 'd', syntax: 'proto3' },
        dependency: level === 0 ? [] : [`a${level - 1}.proto`, `b${level - 1}.proto`],
      }),
    ),
  ).flat()
  const files = createFileRegistry(create(FileDescriptorSetSchema, { file }))
  return files.getFile(`a${levels - 1}.proto`) as DescFile
}

t.test('each file is encoded and asked for once, however many import it', async (t) => {
  const asked: string[] = []
  const encoded: string[] = []
  const ask = async (subject: string): Promise<{ version: number }> => ({
    version: asked.push(subject),
  })
  const registry = { register: ask, lookup: ask } as unknown as SchemaRegistry
  const textOf = (name: string): undefined => void encoded.push(name)
  const subjectOf = (name: string): string => name
  const options = { registry, normalize: false, isRegistering: true, textOf, subjectOf }
  const { references } = await definitionWithImports(diamonds(6), options)
  const below = [0, 1, 2, 3, 4].flatMap((level) => [`a${level}.proto`, `b${level}.proto`])
  t.strictSame(asked, below, 'the innermost first')
  t.strictSame(encoded, [...below, 'a5.proto'])
  t.strictSame(references, [
    { name: 'a4.proto', subject: 'a4.proto', version: 9 },
    { name: 'b4.proto', subject: 'b4.proto', version: 10 },
  ])
})
