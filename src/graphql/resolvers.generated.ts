// Generated from schema/*.graphql by `npm run codegen`. Do not edit.
import type * as Sdl from "../model/sdl.generated.ts";
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { Container as ContainerModel } from '../model/host-result.ts';
import type { HostResultSource, HostConnectionSource, HostEdgeSource, HostGroupSource, HostSummarySource, RunSummarySource } from './sources.ts';
import type { IamApplication as IamApplicationModel, JobInstance as JobInstanceModel, JobInstanceNotFound as JobInstanceNotFoundModel, PermissionDenied as PermissionDeniedModel, ResourceScope as ResourceScopeModel, StepInstance as StepInstanceModel } from '../model/job-instance.ts';
import type { GraphQLContext } from './context.ts';
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };


export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Sdl.Maybe<TTypes> | Promise<Sdl.Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;



/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  JobInstanceResult:
    | ( JobInstanceModel )
    | ( JobInstanceNotFoundModel )
    | ( PermissionDeniedModel )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Problem:
    | ( JobInstanceNotFoundModel )
    | ( PermissionDeniedModel )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  Boolean: ResolverTypeWrapper<Sdl.Scalars['Boolean']['output']>;
  Container: ResolverTypeWrapper<ContainerModel>;
  DateTime: ResolverTypeWrapper<Sdl.Scalars['DateTime']['output']>;
  HostGroupKey: Sdl.HostGroupKey;
  HostResult: ResolverTypeWrapper<HostResultSource>;
  HostResultConnection: ResolverTypeWrapper<HostConnectionSource>;
  HostResultEdge: ResolverTypeWrapper<HostEdgeSource>;
  HostResultFilter: Sdl.HostResultFilter;
  HostResultGroup: ResolverTypeWrapper<HostGroupSource>;
  HostResultOrder: Sdl.HostResultOrder;
  HostResultOrderField: Sdl.HostResultOrderField;
  HostStatus: Sdl.HostStatus;
  HostStatusCount: ResolverTypeWrapper<Sdl.HostStatusCount>;
  HostSummary: ResolverTypeWrapper<HostSummarySource>;
  ID: ResolverTypeWrapper<Sdl.Scalars['ID']['output']>;
  IamAction: ResolverTypeWrapper<Sdl.IamAction>;
  IamApplication: ResolverTypeWrapper<IamApplicationModel>;
  IamRelatedResourceType: ResolverTypeWrapper<Sdl.IamRelatedResourceType>;
  IamResourceNode: ResolverTypeWrapper<Sdl.IamResourceNode>;
  Int: ResolverTypeWrapper<Sdl.Scalars['Int']['output']>;
  JobInstance: ResolverTypeWrapper<JobInstanceModel>;
  JobInstanceNotFound: ResolverTypeWrapper<JobInstanceNotFoundModel>;
  JobInstanceRef: Sdl.JobInstanceRef;
  JobInstanceResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['JobInstanceResult']>;
  OrderDirection: Sdl.OrderDirection;
  PageInfo: ResolverTypeWrapper<HostConnectionSource>;
  PermissionDenied: ResolverTypeWrapper<PermissionDeniedModel>;
  Problem: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Problem']>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  ResourceScope: ResolverTypeWrapper<ResourceScopeModel>;
  RunPhase: Sdl.RunPhase;
  RunStatus: Sdl.RunStatus;
  RunStatusCount: ResolverTypeWrapper<Sdl.RunStatusCount>;
  RunSummary: ResolverTypeWrapper<RunSummarySource>;
  SafeInt: ResolverTypeWrapper<Sdl.Scalars['SafeInt']['output']>;
  ScopeType: Sdl.ScopeType;
  StepInstance: ResolverTypeWrapper<StepInstanceModel>;
  StepInstanceFilter: Sdl.StepInstanceFilter;
  StepType: Sdl.StepType;
  String: ResolverTypeWrapper<Sdl.Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  Boolean: Sdl.Scalars['Boolean']['output'];
  Container: ContainerModel;
  DateTime: Sdl.Scalars['DateTime']['output'];
  HostResult: HostResultSource;
  HostResultConnection: HostConnectionSource;
  HostResultEdge: HostEdgeSource;
  HostResultFilter: Sdl.HostResultFilter;
  HostResultGroup: HostGroupSource;
  HostResultOrder: Sdl.HostResultOrder;
  HostStatusCount: Sdl.HostStatusCount;
  HostSummary: HostSummarySource;
  ID: Sdl.Scalars['ID']['output'];
  IamAction: Sdl.IamAction;
  IamApplication: IamApplicationModel;
  IamRelatedResourceType: Sdl.IamRelatedResourceType;
  IamResourceNode: Sdl.IamResourceNode;
  Int: Sdl.Scalars['Int']['output'];
  JobInstance: JobInstanceModel;
  JobInstanceNotFound: JobInstanceNotFoundModel;
  JobInstanceRef: Sdl.JobInstanceRef;
  JobInstanceResult: ResolversUnionTypes<ResolversParentTypes>['JobInstanceResult'];
  PageInfo: HostConnectionSource;
  PermissionDenied: PermissionDeniedModel;
  Problem: ResolversInterfaceTypes<ResolversParentTypes>['Problem'];
  Query: Record<PropertyKey, never>;
  ResourceScope: ResourceScopeModel;
  RunStatusCount: Sdl.RunStatusCount;
  RunSummary: RunSummarySource;
  SafeInt: Sdl.Scalars['SafeInt']['output'];
  StepInstance: StepInstanceModel;
  StepInstanceFilter: Sdl.StepInstanceFilter;
  String: Sdl.Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
};

export type ContainerResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Container'] = ResolversParentTypes['Container']> = {
  containerId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  nodeHostId?: Resolver<Sdl.Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type HostResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['HostResult'] = ResolversParentTypes['HostResult']> = {
  agentId?: Resolver<Sdl.Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  cloudId?: Resolver<Sdl.Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  cloudName?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  container?: Resolver<Sdl.Maybe<ResolversTypes['Container']>, ParentType, ContextType>;
  durationMs?: Resolver<Sdl.Maybe<ResolversTypes['SafeInt']>, ParentType, ContextType>;
  errorCode?: Resolver<Sdl.Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  exitCode?: Resolver<Sdl.Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  finishedAt?: Resolver<Sdl.Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  hostId?: Resolver<Sdl.Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  ip?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  ipv6?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  isAgentAlive?: Resolver<Sdl.Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  phase?: Resolver<ResolversTypes['RunPhase'], ParentType, ContextType>;
  startedAt?: Resolver<Sdl.Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['HostStatus'], ParentType, ContextType>;
  statusCode?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  tag?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type HostResultConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['HostResultConnection'] = ResolversParentTypes['HostResultConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['HostResultEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['HostResult']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type HostResultEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['HostResultEdge'] = ResolversParentTypes['HostResultEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['HostResult'], ParentType, ContextType>;
};

export type HostResultGroupResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['HostResultGroup'] = ResolversParentTypes['HostResultGroup']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  exitCode?: Resolver<Sdl.Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  hostResults?: Resolver<ResolversTypes['HostResultConnection'], ParentType, ContextType, RequireFields<Sdl.HostResultGroupHostResultsArgs, 'first'>>;
  status?: Resolver<Sdl.Maybe<ResolversTypes['HostStatus']>, ParentType, ContextType>;
  statusCode?: Resolver<Sdl.Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  tag?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type HostStatusCountResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['HostStatusCount'] = ResolversParentTypes['HostStatusCount']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['HostStatus'], ParentType, ContextType>;
  statusCode?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type HostSummaryResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['HostSummary'] = ResolversParentTypes['HostSummary']> = {
  byStatus?: Resolver<ReadonlyArray<ResolversTypes['HostStatusCount']>, ParentType, ContextType>;
  failed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  pending?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  running?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  stopped?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  succeeded?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  total?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  unknown?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type IamActionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['IamAction'] = ResolversParentTypes['IamAction']> = {
  id?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  relatedResourceTypes?: Resolver<ReadonlyArray<ResolversTypes['IamRelatedResourceType']>, ParentType, ContextType>;
};

export type IamApplicationResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['IamApplication'] = ResolversParentTypes['IamApplication']> = {
  actions?: Resolver<ReadonlyArray<ResolversTypes['IamAction']>, ParentType, ContextType>;
  systemId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  systemName?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type IamRelatedResourceTypeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['IamRelatedResourceType'] = ResolversParentTypes['IamRelatedResourceType']> = {
  instances?: Resolver<ReadonlyArray<ReadonlyArray<ResolversTypes['IamResourceNode']>>, ParentType, ContextType>;
  systemId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  systemName?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  type?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  typeName?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type IamResourceNodeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['IamResourceNode'] = ResolversParentTypes['IamResourceNode']> = {
  id?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  type?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  typeName?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type JobInstanceResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['JobInstance'] = ResolversParentTypes['JobInstance']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  currentStep?: Resolver<Sdl.Maybe<ResolversTypes['StepInstance']>, ParentType, ContextType>;
  durationMs?: Resolver<Sdl.Maybe<ResolversTypes['SafeInt']>, ParentType, ContextType>;
  elapsedMs?: Resolver<Sdl.Maybe<ResolversTypes['SafeInt']>, ParentType, ContextType>;
  finishedAt?: Resolver<Sdl.Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  hostSummary?: Resolver<ResolversTypes['HostSummary'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isFinished?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  jobInstanceId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  phase?: Resolver<ResolversTypes['RunPhase'], ParentType, ContextType>;
  scope?: Resolver<ResolversTypes['ResourceScope'], ParentType, ContextType>;
  startedAt?: Resolver<Sdl.Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['RunStatus'], ParentType, ContextType>;
  statusCode?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  step?: Resolver<Sdl.Maybe<ResolversTypes['StepInstance']>, ParentType, ContextType, RequireFields<Sdl.JobInstanceStepArgs, 'stepInstanceId'>>;
  stepSummary?: Resolver<ResolversTypes['RunSummary'], ParentType, ContextType>;
  steps?: Resolver<ReadonlyArray<ResolversTypes['StepInstance']>, ParentType, ContextType, Partial<Sdl.JobInstanceStepsArgs>>;
  upstreamRequestId?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  url?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type JobInstanceNotFoundResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['JobInstanceNotFound'] = ResolversParentTypes['JobInstanceNotFound']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  upstreamRequestId?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type JobInstanceResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['JobInstanceResult'] = ResolversParentTypes['JobInstanceResult']> = {
  __resolveType: TypeResolveFn<'JobInstance' | 'JobInstanceNotFound' | 'PermissionDenied', ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PermissionDeniedResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PermissionDenied'] = ResolversParentTypes['PermissionDenied']> = {
  application?: Resolver<Sdl.Maybe<ResolversTypes['IamApplication']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  upstreamRequestId?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ProblemResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Problem'] = ResolversParentTypes['Problem']> = {
  __resolveType: TypeResolveFn<'JobInstanceNotFound' | 'PermissionDenied', ParentType, ContextType>;
};

export type QueryResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  jobInstance?: Resolver<Sdl.Maybe<ResolversTypes['JobInstanceResult']>, ParentType, ContextType, RequireFields<Sdl.QueryJobInstanceArgs, 'ref'>>;
  jobInstances?: Resolver<ReadonlyArray<Sdl.Maybe<ResolversTypes['JobInstanceResult']>>, ParentType, ContextType, RequireFields<Sdl.QueryJobInstancesArgs, 'refs'>>;
};

export type ResourceScopeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ResourceScope'] = ResolversParentTypes['ResourceScope']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  type?: Resolver<ResolversTypes['ScopeType'], ParentType, ContextType>;
  typeRaw?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type RunStatusCountResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RunStatusCount'] = ResolversParentTypes['RunStatusCount']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['RunStatus'], ParentType, ContextType>;
  statusCode?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type RunSummaryResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RunSummary'] = ResolversParentTypes['RunSummary']> = {
  byStatus?: Resolver<ReadonlyArray<ResolversTypes['RunStatusCount']>, ParentType, ContextType>;
  failed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  pending?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  running?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  stopped?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  succeeded?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  total?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  unknown?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  waitingUser?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export interface SafeIntScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['SafeInt'], any> {
  name: 'SafeInt';
}

export type StepInstanceResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['StepInstance'] = ResolversParentTypes['StepInstance']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  durationMs?: Resolver<Sdl.Maybe<ResolversTypes['SafeInt']>, ParentType, ContextType>;
  elapsedMs?: Resolver<Sdl.Maybe<ResolversTypes['SafeInt']>, ParentType, ContextType>;
  finishedAt?: Resolver<Sdl.Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  hostGroups?: Resolver<ReadonlyArray<ResolversTypes['HostResultGroup']>, ParentType, ContextType, RequireFields<Sdl.StepInstanceHostGroupsArgs, 'by'>>;
  hostResults?: Resolver<ResolversTypes['HostResultConnection'], ParentType, ContextType, RequireFields<Sdl.StepInstanceHostResultsArgs, 'first'>>;
  hostSummary?: Resolver<ResolversTypes['HostSummary'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isFinished?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  phase?: Resolver<ResolversTypes['RunPhase'], ParentType, ContextType>;
  retryCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  startedAt?: Resolver<Sdl.Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['RunStatus'], ParentType, ContextType>;
  statusCode?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  stepInstanceId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  type?: Resolver<ResolversTypes['StepType'], ParentType, ContextType>;
  typeCode?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  url?: Resolver<Sdl.Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  jobInstanceUpdated?: SubscriptionResolver<Sdl.Maybe<ResolversTypes['JobInstanceResult']>, "jobInstanceUpdated", ParentType, ContextType, RequireFields<Sdl.SubscriptionJobInstanceUpdatedArgs, 'ref'>>;
};

export type Resolvers<ContextType = GraphQLContext> = {
  Container?: ContainerResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  HostResult?: HostResultResolvers<ContextType>;
  HostResultConnection?: HostResultConnectionResolvers<ContextType>;
  HostResultEdge?: HostResultEdgeResolvers<ContextType>;
  HostResultGroup?: HostResultGroupResolvers<ContextType>;
  HostStatusCount?: HostStatusCountResolvers<ContextType>;
  HostSummary?: HostSummaryResolvers<ContextType>;
  IamAction?: IamActionResolvers<ContextType>;
  IamApplication?: IamApplicationResolvers<ContextType>;
  IamRelatedResourceType?: IamRelatedResourceTypeResolvers<ContextType>;
  IamResourceNode?: IamResourceNodeResolvers<ContextType>;
  JobInstance?: JobInstanceResolvers<ContextType>;
  JobInstanceNotFound?: JobInstanceNotFoundResolvers<ContextType>;
  JobInstanceResult?: JobInstanceResultResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  PermissionDenied?: PermissionDeniedResolvers<ContextType>;
  Problem?: ProblemResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  ResourceScope?: ResourceScopeResolvers<ContextType>;
  RunStatusCount?: RunStatusCountResolvers<ContextType>;
  RunSummary?: RunSummaryResolvers<ContextType>;
  SafeInt?: GraphQLScalarType;
  StepInstance?: StepInstanceResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
};

