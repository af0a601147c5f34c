/**
 * Generated from proto/v2/shop/v1/simple.proto by protoc 3.25.5 with protoc-gen-es 2.17.0, then formatted:
 * `protoc -I proto --es_out=. --es_opt=target=ts,import_extension=js,erasable_syntax=true`.
 */

import type { GenFile, GenMessage } from '@bufbuild/protobuf/codegenv2'
import { fileDesc, messageDesc } from '@bufbuild/protobuf/codegenv2'
import type { Message } from '@bufbuild/protobuf'

/**
 * Describes the file shop/v1/simple.proto.
 */
export const file_shop_v1_simple: GenFile =
  /*@__PURE__*/
  fileDesc(
    'ChRzaG9wL3YxL3NpbXBsZS5wcm90bxIHc2hvcC52MSJNCgdDcmVhdGVkEgoKAmlkGAEgASgJEg0KBXRvdGFsGAIgASgDEgwKBG5vdGUYAyABKAkaGQoFSW5uZXISEAoIaXNfaW5uZXIYASABKAgiFQoHRGVsZXRlZBIKCgJpZBgBIAEoCWIGcHJvdG8z',
  )

/**
 * @generated from message shop.v1.Created
 */
export type Created = Message<'shop.v1.Created'> & {
  /**
   * @generated from field: string id = 1;
   */
  id: string

  /**
   * @generated from field: int64 total = 2;
   */
  total: bigint

  /**
   * @generated from field: string note = 3;
   */
  note: string
}

/**
 * Describes the message shop.v1.Created.
 * Use `create(CreatedSchema)` to create a new message.
 */
export const CreatedSchema: GenMessage<Created> = /*@__PURE__*/ messageDesc(file_shop_v1_simple, 0)

/**
 * @generated from message shop.v1.Created.Inner
 */
export type Created_Inner = Message<'shop.v1.Created.Inner'> & {
  /**
   * @generated from field: bool is_inner = 1;
   */
  isInner: boolean
}

/**
 * Describes the message shop.v1.Created.Inner.
 * Use `create(Created_InnerSchema)` to create a new message.
 */
export const Created_InnerSchema: GenMessage<Created_Inner> =
  /*@__PURE__*/
  messageDesc(file_shop_v1_simple, 0, 0)

/**
 * @generated from message shop.v1.Deleted
 */
export type Deleted = Message<'shop.v1.Deleted'> & {
  /**
   * @generated from field: string id = 1;
   */
  id: string
}

/**
 * Describes the message shop.v1.Deleted.
 * Use `create(DeletedSchema)` to create a new message.
 */
export const DeletedSchema: GenMessage<Deleted> = /*@__PURE__*/ messageDesc(file_shop_v1_simple, 1)
