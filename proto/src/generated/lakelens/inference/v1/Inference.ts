// Original file: inference.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DescribeRequest as _lakelens_inference_v1_DescribeRequest, DescribeRequest__Output as _lakelens_inference_v1_DescribeRequest__Output } from '../../../lakelens/inference/v1/DescribeRequest';
import type { DescribeResponse as _lakelens_inference_v1_DescribeResponse, DescribeResponse__Output as _lakelens_inference_v1_DescribeResponse__Output } from '../../../lakelens/inference/v1/DescribeResponse';
import type { DetectRequest as _lakelens_inference_v1_DetectRequest, DetectRequest__Output as _lakelens_inference_v1_DetectRequest__Output } from '../../../lakelens/inference/v1/DetectRequest';
import type { DetectResponse as _lakelens_inference_v1_DetectResponse, DetectResponse__Output as _lakelens_inference_v1_DetectResponse__Output } from '../../../lakelens/inference/v1/DetectResponse';
import type { EmbedRequest as _lakelens_inference_v1_EmbedRequest, EmbedRequest__Output as _lakelens_inference_v1_EmbedRequest__Output } from '../../../lakelens/inference/v1/EmbedRequest';
import type { EmbedResponse as _lakelens_inference_v1_EmbedResponse, EmbedResponse__Output as _lakelens_inference_v1_EmbedResponse__Output } from '../../../lakelens/inference/v1/EmbedResponse';
import type { LoadModelRequest as _lakelens_inference_v1_LoadModelRequest, LoadModelRequest__Output as _lakelens_inference_v1_LoadModelRequest__Output } from '../../../lakelens/inference/v1/LoadModelRequest';
import type { LoadModelResponse as _lakelens_inference_v1_LoadModelResponse, LoadModelResponse__Output as _lakelens_inference_v1_LoadModelResponse__Output } from '../../../lakelens/inference/v1/LoadModelResponse';
import type { ProbeRequest as _lakelens_inference_v1_ProbeRequest, ProbeRequest__Output as _lakelens_inference_v1_ProbeRequest__Output } from '../../../lakelens/inference/v1/ProbeRequest';
import type { ProbeResponse as _lakelens_inference_v1_ProbeResponse, ProbeResponse__Output as _lakelens_inference_v1_ProbeResponse__Output } from '../../../lakelens/inference/v1/ProbeResponse';

export interface InferenceClient extends grpc.Client {
  /**
   * What this service can run, and how it keeps strangers' code apart.
   */
  Describe(argument: _lakelens_inference_v1_DescribeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  Describe(argument: _lakelens_inference_v1_DescribeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lakelens_inference_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  Describe(argument: _lakelens_inference_v1_DescribeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  Describe(argument: _lakelens_inference_v1_DescribeRequest, callback: grpc.requestCallback<_lakelens_inference_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * What this service can run, and how it keeps strangers' code apart.
   */
  describe(argument: _lakelens_inference_v1_DescribeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  describe(argument: _lakelens_inference_v1_DescribeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lakelens_inference_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  describe(argument: _lakelens_inference_v1_DescribeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  describe(argument: _lakelens_inference_v1_DescribeRequest, callback: grpc.requestCallback<_lakelens_inference_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  
  Detect(argument: _lakelens_inference_v1_DetectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_DetectResponse__Output>): grpc.ClientUnaryCall;
  Detect(argument: _lakelens_inference_v1_DetectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lakelens_inference_v1_DetectResponse__Output>): grpc.ClientUnaryCall;
  Detect(argument: _lakelens_inference_v1_DetectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_DetectResponse__Output>): grpc.ClientUnaryCall;
  Detect(argument: _lakelens_inference_v1_DetectRequest, callback: grpc.requestCallback<_lakelens_inference_v1_DetectResponse__Output>): grpc.ClientUnaryCall;
  detect(argument: _lakelens_inference_v1_DetectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_DetectResponse__Output>): grpc.ClientUnaryCall;
  detect(argument: _lakelens_inference_v1_DetectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lakelens_inference_v1_DetectResponse__Output>): grpc.ClientUnaryCall;
  detect(argument: _lakelens_inference_v1_DetectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_DetectResponse__Output>): grpc.ClientUnaryCall;
  detect(argument: _lakelens_inference_v1_DetectRequest, callback: grpc.requestCallback<_lakelens_inference_v1_DetectResponse__Output>): grpc.ClientUnaryCall;
  
  Embed(argument: _lakelens_inference_v1_EmbedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_EmbedResponse__Output>): grpc.ClientUnaryCall;
  Embed(argument: _lakelens_inference_v1_EmbedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lakelens_inference_v1_EmbedResponse__Output>): grpc.ClientUnaryCall;
  Embed(argument: _lakelens_inference_v1_EmbedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_EmbedResponse__Output>): grpc.ClientUnaryCall;
  Embed(argument: _lakelens_inference_v1_EmbedRequest, callback: grpc.requestCallback<_lakelens_inference_v1_EmbedResponse__Output>): grpc.ClientUnaryCall;
  embed(argument: _lakelens_inference_v1_EmbedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_EmbedResponse__Output>): grpc.ClientUnaryCall;
  embed(argument: _lakelens_inference_v1_EmbedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lakelens_inference_v1_EmbedResponse__Output>): grpc.ClientUnaryCall;
  embed(argument: _lakelens_inference_v1_EmbedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_EmbedResponse__Output>): grpc.ClientUnaryCall;
  embed(argument: _lakelens_inference_v1_EmbedRequest, callback: grpc.requestCallback<_lakelens_inference_v1_EmbedResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Fetches, verifies, opens and warms a model, and says what its graph takes and gives.
   */
  LoadModel(argument: _lakelens_inference_v1_LoadModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_LoadModelResponse__Output>): grpc.ClientUnaryCall;
  LoadModel(argument: _lakelens_inference_v1_LoadModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lakelens_inference_v1_LoadModelResponse__Output>): grpc.ClientUnaryCall;
  LoadModel(argument: _lakelens_inference_v1_LoadModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_LoadModelResponse__Output>): grpc.ClientUnaryCall;
  LoadModel(argument: _lakelens_inference_v1_LoadModelRequest, callback: grpc.requestCallback<_lakelens_inference_v1_LoadModelResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Fetches, verifies, opens and warms a model, and says what its graph takes and gives.
   */
  loadModel(argument: _lakelens_inference_v1_LoadModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_LoadModelResponse__Output>): grpc.ClientUnaryCall;
  loadModel(argument: _lakelens_inference_v1_LoadModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lakelens_inference_v1_LoadModelResponse__Output>): grpc.ClientUnaryCall;
  loadModel(argument: _lakelens_inference_v1_LoadModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_LoadModelResponse__Output>): grpc.ClientUnaryCall;
  loadModel(argument: _lakelens_inference_v1_LoadModelRequest, callback: grpc.requestCallback<_lakelens_inference_v1_LoadModelResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Decodes a picture in full and says what it is; optionally makes its thumbnail.
   */
  Probe(argument: _lakelens_inference_v1_ProbeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_ProbeResponse__Output>): grpc.ClientUnaryCall;
  Probe(argument: _lakelens_inference_v1_ProbeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lakelens_inference_v1_ProbeResponse__Output>): grpc.ClientUnaryCall;
  Probe(argument: _lakelens_inference_v1_ProbeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_ProbeResponse__Output>): grpc.ClientUnaryCall;
  Probe(argument: _lakelens_inference_v1_ProbeRequest, callback: grpc.requestCallback<_lakelens_inference_v1_ProbeResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Decodes a picture in full and says what it is; optionally makes its thumbnail.
   */
  probe(argument: _lakelens_inference_v1_ProbeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_ProbeResponse__Output>): grpc.ClientUnaryCall;
  probe(argument: _lakelens_inference_v1_ProbeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_lakelens_inference_v1_ProbeResponse__Output>): grpc.ClientUnaryCall;
  probe(argument: _lakelens_inference_v1_ProbeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_lakelens_inference_v1_ProbeResponse__Output>): grpc.ClientUnaryCall;
  probe(argument: _lakelens_inference_v1_ProbeRequest, callback: grpc.requestCallback<_lakelens_inference_v1_ProbeResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface InferenceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * What this service can run, and how it keeps strangers' code apart.
   */
  Describe: grpc.handleUnaryCall<_lakelens_inference_v1_DescribeRequest__Output, _lakelens_inference_v1_DescribeResponse>;
  
  Detect: grpc.handleUnaryCall<_lakelens_inference_v1_DetectRequest__Output, _lakelens_inference_v1_DetectResponse>;
  
  Embed: grpc.handleUnaryCall<_lakelens_inference_v1_EmbedRequest__Output, _lakelens_inference_v1_EmbedResponse>;
  
  /**
   * Fetches, verifies, opens and warms a model, and says what its graph takes and gives.
   */
  LoadModel: grpc.handleUnaryCall<_lakelens_inference_v1_LoadModelRequest__Output, _lakelens_inference_v1_LoadModelResponse>;
  
  /**
   * Decodes a picture in full and says what it is; optionally makes its thumbnail.
   */
  Probe: grpc.handleUnaryCall<_lakelens_inference_v1_ProbeRequest__Output, _lakelens_inference_v1_ProbeResponse>;
  
}

export interface InferenceDefinition extends grpc.ServiceDefinition {
  Describe: MethodDefinition<_lakelens_inference_v1_DescribeRequest, _lakelens_inference_v1_DescribeResponse, _lakelens_inference_v1_DescribeRequest__Output, _lakelens_inference_v1_DescribeResponse__Output>
  Detect: MethodDefinition<_lakelens_inference_v1_DetectRequest, _lakelens_inference_v1_DetectResponse, _lakelens_inference_v1_DetectRequest__Output, _lakelens_inference_v1_DetectResponse__Output>
  Embed: MethodDefinition<_lakelens_inference_v1_EmbedRequest, _lakelens_inference_v1_EmbedResponse, _lakelens_inference_v1_EmbedRequest__Output, _lakelens_inference_v1_EmbedResponse__Output>
  LoadModel: MethodDefinition<_lakelens_inference_v1_LoadModelRequest, _lakelens_inference_v1_LoadModelResponse, _lakelens_inference_v1_LoadModelRequest__Output, _lakelens_inference_v1_LoadModelResponse__Output>
  Probe: MethodDefinition<_lakelens_inference_v1_ProbeRequest, _lakelens_inference_v1_ProbeResponse, _lakelens_inference_v1_ProbeRequest__Output, _lakelens_inference_v1_ProbeResponse__Output>
}
