/**
 * Generated from proto/shop/v1/money.proto by protoc 3.25.5 with protoc-gen-es 2.17.0, then formatted:
 * `protoc -I proto --es_out=. --es_opt=target=ts,import_extension=js,erasable_syntax=true`.
 */

import type { GenFile, GenMessage } from '@bufbuild/protobuf/codegenv2'
import { fileDesc, messageDesc } from '@bufbuild/protobuf/codegenv2'
import type { Message } from '@bufbuild/protobuf'

/**
 * Describes the file shop/v1/money.proto.
 */
export const file_shop_v1_money: GenFile =
  /*@__PURE__*/
  fileDesc(
    'ChNzaG9wL3YxL21vbmV5LnByb3RvEgdzaG9wLnYxIigKBU1vbmV5EhAKCGN1cnJlbmN5GAEgASgJEg0KBXVuaXRzGAIgASgDYgZwcm90bzM',
  )

/**
 * @generated from message shop.v1.Money
 */
export type Money = Message<'shop.v1.Money'> & {
  /**
   * @generated from field: string currency = 1;
   */
  currency: string

  /**
   * @generated from field: int64 units = 2;
   */
  units: bigint
}

/**
 * Describes the message shop.v1.Money.
 * Use `create(MoneySchema)` to create a new message.
 */
export const MoneySchema: GenMessage<Money> = /*@__PURE__*/ messageDesc(file_shop_v1_money, 0)
