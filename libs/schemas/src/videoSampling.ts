import { Field, Float, InputType, Int } from 'type-graphql'

@InputType({ description: 'Which frames of a video are looked at: exactly one of these.' })
export class VideoSamplingInput {
  @Field(() => Float, {
    nullable: true,
    description: 'Frames per second of video, above 0, at most 1000: the first frame of each step of 1/fps.',
  })
  fps?: number | null

  @Field(() => Int, { nullable: true, description: 'Every nth frame, the first among them; from 1.' })
  everyNthFrame?: number | null

  @Field(() => Boolean, { nullable: true, description: 'True: frames that are coded without others, and no more.' })
  keyframesOnly?: boolean | null

  @Field(() => Int, {
    nullable: true,
    description: 'That many, evenly spread: the middles of as many equal parts. All where there are fewer; from 1.',
  })
  frameCount?: number | null
}
