import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { DescribeRequest as _lakelens_inference_v1_DescribeRequest, DescribeRequest__Output as _lakelens_inference_v1_DescribeRequest__Output } from './lakelens/inference/v1/DescribeRequest';
import type { DescribeResponse as _lakelens_inference_v1_DescribeResponse, DescribeResponse__Output as _lakelens_inference_v1_DescribeResponse__Output } from './lakelens/inference/v1/DescribeResponse';
import type { DetectRequest as _lakelens_inference_v1_DetectRequest, DetectRequest__Output as _lakelens_inference_v1_DetectRequest__Output } from './lakelens/inference/v1/DetectRequest';
import type { DetectResponse as _lakelens_inference_v1_DetectResponse, DetectResponse__Output as _lakelens_inference_v1_DetectResponse__Output } from './lakelens/inference/v1/DetectResponse';
import type { DetectResult as _lakelens_inference_v1_DetectResult, DetectResult__Output as _lakelens_inference_v1_DetectResult__Output } from './lakelens/inference/v1/DetectResult';
import type { Detection as _lakelens_inference_v1_Detection, Detection__Output as _lakelens_inference_v1_Detection__Output } from './lakelens/inference/v1/Detection';
import type { EmbedRequest as _lakelens_inference_v1_EmbedRequest, EmbedRequest__Output as _lakelens_inference_v1_EmbedRequest__Output } from './lakelens/inference/v1/EmbedRequest';
import type { EmbedResponse as _lakelens_inference_v1_EmbedResponse, EmbedResponse__Output as _lakelens_inference_v1_EmbedResponse__Output } from './lakelens/inference/v1/EmbedResponse';
import type { EmbedResult as _lakelens_inference_v1_EmbedResult, EmbedResult__Output as _lakelens_inference_v1_EmbedResult__Output } from './lakelens/inference/v1/EmbedResult';
import type { InferenceClient as _lakelens_inference_v1_InferenceClient, InferenceDefinition as _lakelens_inference_v1_InferenceDefinition } from './lakelens/inference/v1/Inference';
import type { LabelThreshold as _lakelens_inference_v1_LabelThreshold, LabelThreshold__Output as _lakelens_inference_v1_LabelThreshold__Output } from './lakelens/inference/v1/LabelThreshold';
import type { LoadModelRequest as _lakelens_inference_v1_LoadModelRequest, LoadModelRequest__Output as _lakelens_inference_v1_LoadModelRequest__Output } from './lakelens/inference/v1/LoadModelRequest';
import type { LoadModelResponse as _lakelens_inference_v1_LoadModelResponse, LoadModelResponse__Output as _lakelens_inference_v1_LoadModelResponse__Output } from './lakelens/inference/v1/LoadModelResponse';
import type { ModelRef as _lakelens_inference_v1_ModelRef, ModelRef__Output as _lakelens_inference_v1_ModelRef__Output } from './lakelens/inference/v1/ModelRef';
import type { Picture as _lakelens_inference_v1_Picture, Picture__Output as _lakelens_inference_v1_Picture__Output } from './lakelens/inference/v1/Picture';
import type { PictureError as _lakelens_inference_v1_PictureError, PictureError__Output as _lakelens_inference_v1_PictureError__Output } from './lakelens/inference/v1/PictureError';
import type { PictureInfo as _lakelens_inference_v1_PictureInfo, PictureInfo__Output as _lakelens_inference_v1_PictureInfo__Output } from './lakelens/inference/v1/PictureInfo';
import type { ProbeRequest as _lakelens_inference_v1_ProbeRequest, ProbeRequest__Output as _lakelens_inference_v1_ProbeRequest__Output } from './lakelens/inference/v1/ProbeRequest';
import type { ProbeResponse as _lakelens_inference_v1_ProbeResponse, ProbeResponse__Output as _lakelens_inference_v1_ProbeResponse__Output } from './lakelens/inference/v1/ProbeResponse';
import type { Tensor as _lakelens_inference_v1_Tensor, Tensor__Output as _lakelens_inference_v1_Tensor__Output } from './lakelens/inference/v1/Tensor';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  lakelens: {
    inference: {
      v1: {
        DescribeRequest: MessageTypeDefinition<_lakelens_inference_v1_DescribeRequest, _lakelens_inference_v1_DescribeRequest__Output>
        DescribeResponse: MessageTypeDefinition<_lakelens_inference_v1_DescribeResponse, _lakelens_inference_v1_DescribeResponse__Output>
        DetectRequest: MessageTypeDefinition<_lakelens_inference_v1_DetectRequest, _lakelens_inference_v1_DetectRequest__Output>
        DetectResponse: MessageTypeDefinition<_lakelens_inference_v1_DetectResponse, _lakelens_inference_v1_DetectResponse__Output>
        DetectResult: MessageTypeDefinition<_lakelens_inference_v1_DetectResult, _lakelens_inference_v1_DetectResult__Output>
        Detection: MessageTypeDefinition<_lakelens_inference_v1_Detection, _lakelens_inference_v1_Detection__Output>
        EmbedRequest: MessageTypeDefinition<_lakelens_inference_v1_EmbedRequest, _lakelens_inference_v1_EmbedRequest__Output>
        EmbedResponse: MessageTypeDefinition<_lakelens_inference_v1_EmbedResponse, _lakelens_inference_v1_EmbedResponse__Output>
        EmbedResult: MessageTypeDefinition<_lakelens_inference_v1_EmbedResult, _lakelens_inference_v1_EmbedResult__Output>
        Inference: SubtypeConstructor<typeof grpc.Client, _lakelens_inference_v1_InferenceClient> & { service: _lakelens_inference_v1_InferenceDefinition }
        LabelThreshold: MessageTypeDefinition<_lakelens_inference_v1_LabelThreshold, _lakelens_inference_v1_LabelThreshold__Output>
        LoadModelRequest: MessageTypeDefinition<_lakelens_inference_v1_LoadModelRequest, _lakelens_inference_v1_LoadModelRequest__Output>
        LoadModelResponse: MessageTypeDefinition<_lakelens_inference_v1_LoadModelResponse, _lakelens_inference_v1_LoadModelResponse__Output>
        ModelRef: MessageTypeDefinition<_lakelens_inference_v1_ModelRef, _lakelens_inference_v1_ModelRef__Output>
        Picture: MessageTypeDefinition<_lakelens_inference_v1_Picture, _lakelens_inference_v1_Picture__Output>
        PictureError: MessageTypeDefinition<_lakelens_inference_v1_PictureError, _lakelens_inference_v1_PictureError__Output>
        PictureInfo: MessageTypeDefinition<_lakelens_inference_v1_PictureInfo, _lakelens_inference_v1_PictureInfo__Output>
        ProbeRequest: MessageTypeDefinition<_lakelens_inference_v1_ProbeRequest, _lakelens_inference_v1_ProbeRequest__Output>
        ProbeResponse: MessageTypeDefinition<_lakelens_inference_v1_ProbeResponse, _lakelens_inference_v1_ProbeResponse__Output>
        Tensor: MessageTypeDefinition<_lakelens_inference_v1_Tensor, _lakelens_inference_v1_Tensor__Output>
      }
    }
  }
}

