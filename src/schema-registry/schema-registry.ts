/**
 * The client of a schema registry, and what serializers build on it: `ottla/schema-registry`.
 */
export { SchemaRegistry } from './registry-client.js'
export type { ByIdOptions, Compatibility, DefinitionOptions } from './registry-client.js'
export type { RegistryEnvironment } from './environment.js'
export type { LatestSchema } from './latest-schema.js'
export { SchemaRegistryError, type SchemaRegistryErrorOptions } from './registry-error.js'
export type {
  BearerSource,
  BearerToken,
  RegistryAuth,
  RegistryTlsOptions,
  SchemaRegistryOptions,
} from './registry-options.js'
export type {
  RegisteredSchema,
  SchemaDefinition,
  SchemaReference,
  SchemaType,
} from './registered-schema.js'
export type { SchemaChoice, SchemaFormat, ValueEncoder } from './schema-format.js'
export { registrySerializer } from './registry-serializer.js'
export type {
  RegistrySerializerOptions,
  SchemaSerializer,
  SubjectInput,
  SubjectStrategy,
} from './serializer-options.js'
