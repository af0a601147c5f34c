/**
 * Message indexes: the bytes that Confluent's clients write, and where a message is in what a registry
 * has, be it a text or a descriptor.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { declaredMessages } from '../../src/protobuf/declared-messages.js'
import { definitionOfFile } from '../../src/protobuf/imported-files.js'
import { encodeMessageIndexes, messageIndexes } from '../../src/protobuf/message-indexes.js'
import { projectFile } from '../broker/project.js'
import { file_shop_v1_order } from './generated/order_pb.js'

const VECTORS: readonly (readonly [indexes: readonly number[], hex: string])[] = [
  [[0], '00'],
  [[1], '0202'],
  [[2], '0204'],
  [[0, 1], '040002'],
  [[0, 0], '040000'],
  [[1, 0, 2], '06020004'],
  [[63], '027e'],
  [[64], '028001'],
  [[200], '029003'],
]

for (const [indexes, hex] of VECTORS) {
  t.test(`[${indexes.join(', ')}] is ${hex}`, async (t) => {
    t.equal(Buffer.from(encodeMessageIndexes(indexes)).toString('hex'), hex)
  })
}

const text = readFileSync(projectFile('test/protobuf/proto/shop/v1/order.proto'), 'utf8')
const SCHEMAS = { text, descriptor: definitionOfFile(file_shop_v1_order).schema }

for (const [kind, schema] of Object.entries(SCHEMAS)) {
  t.test(`in a ${kind}, enums and the entries of maps do not count`, async (t) => {
    const file = declaredMessages(schema)
    if (file === null) throw new Error('not read')
    const at = (name: string): number[] | null => messageIndexes(file, name)
    t.equal(file.packageName, 'shop.v1')
    t.strictSame(at('shop.v1.Customer'), [0])
    t.strictSame(at('shop.v1.Order'), [1])
    t.strictSame(at('shop.v1.Order.Note'), [1, 0])
    t.strictSame(at('shop.v1.Order.Line'), [1, 1])
    t.strictSame(at('shop.v1.Order.Line.Discount'), [1, 1, 0])
    t.strictSame(at('shop.v1.Cancelled'), [2])
    t.equal(at('shop.v1.Money'), null, 'imported')
    t.equal(at('shop.v1.Status'), null, 'an enum')
    t.equal(at('other.Order'), null)
    t.equal(at('shop.v1.Order.StockEntry'), null)
  })
}

t.test('comments, text and options do not mislead', async (t) => {
  const file = declaredMessages(`
    syntax = "proto2"; // message No {
    /* message No { */
    option (shop.note) = { text: "message No { ; }" inner { a: 1 } };
    package a . b;
    service S { rpc Do (A) returns (B) { option deprecated = true; } }
    extend A { optional string message = 100; }
    message A { oneof one { string message = 1 [default = 'a;\\'}'] ; } reserved 3 to 5, "x"; }
    message TagsEntry { option map_entry = true; optional string key = 1; }
    message B { message TEntry { option map_entry=true; } message C {} extensions 100 to max; };
  `)
  t.strictSame(file, {
    packageName: 'a . b',
    messages: [
      { name: 'A', messages: [] },
      { name: 'B', messages: [{ name: 'C', messages: [] }] },
    ],
  })
})

t.test('what has no end is no file, and takes no longer for its length', async (t) => {
  const start = 'syntax = "proto3"; message A {} '
  for (const unended of ['/* a', '"a', "'a", '"a\\"', "'a\\", '/*/']) {
    t.equal(declaredMessages(start + unended), null, unended)
  }
  // Looked for from each beginning to the end of the text, it would take half an hour.
  const times = 1_000_000
  for (const beginning of ['/*a', '"\\', "'\\", '"\\" ']) {
    t.equal(declaredMessages(start + beginning.repeat(times)), null, beginning)
  }
})

t.test('a file without a package', async (t) => {
  const file = declaredMessages('syntax = "proto3"; message A { message B {} } message C {}')
  if (file === null) throw new Error('not read')
  t.strictSame(messageIndexes(file, 'A.B'), [0, 0])
  t.strictSame(messageIndexes(file, 'C'), [1])
})

t.test('what is neither text nor descriptor is not read', async (t) => {
  t.equal(declaredMessages('message A {'), null)
  t.equal(declaredMessages('message A { } }'), null)
  t.equal(declaredMessages('"string"x'), null)
})
