package action

import "github.com/tocsin-ids/tocsin/slot"

// The slots of facts.
const (
	factSrc uint8 = iota + 1
	factDst
	factDport
	factUser
	factRunAs
	factKind
	factOutcome
	factCommand
	factImage
	factParent
	factSession
	factSessionID
	factMessage
	factService
	factMethod
	factUri
	factFile
	factStatus
	factAgent
	factVhost
	factSent
	factFileName
	factCwd
	factAuthMethod
	factPrincipal
	factAuid
	factAnswer
)

// factSlots are the fields of facts by their names.
var factSlots = slot.Of(map[string]uint8{
	"src_ip": factSrc, "c-ip": factSrc, "SourceIp": factSrc, "IpAddress": factSrc,
	"dst_ip": factDst, "DestinationIp": factDst,
	"dst_port": factDport, "DestinationPort": factDport,
	"user": factUser, "AUID": factUser,
	"User":       factRunAs,
	"event_type": factKind,
	"outcome":    factOutcome,
	"command":    factCommand, "CommandLine": factCommand,
	"Image": factImage, "exe": factImage,
	"ParentImage": factParent,
	"ses":         factSession,
	"session":     factSessionID, "session_id": factSessionID,
	"message":        factMessage,
	"service":        factService,
	"cs-method":      factMethod,
	"cs-uri":         factUri,
	"cs-uri-stem":    factFile,
	"sc-status":      factStatus,
	"cs-user-agent":  factAgent,
	"cs-host":        factVhost,
	"cs-bytes":       factSent,
	"TargetFilename": factFileName, "name": factFileName,
	"cwd": factCwd, "CurrentDirectory": factCwd,
	"auth_method": factAuthMethod,
	"principal":   factPrincipal,
	"auid":        factAuid,
	"sc-bytes":    factAnswer,
})

// The slots of winFacts.
const (
	winID uint8 = iota + 1
	winProvider
	winUser
	winDomain
	winLogon
	winTargetUser
	winTargetDomain
	winTargetLogon
	winLogonType
	winAddress
	winWorkstation
	winCommand
	winParent
	winImage
	winTarget
	winAccess
	winTicket
	winService
	winServicePath
	winTask
	winShare
	winRelative
	winDst
	winDport
	winQuery
	winScript
	winPipe
	winTargetImage
	winGroup
	winStatus
	winKey
	winOriginal
)

// winSlots are the fields of winFacts by their names.
var winSlots = slot.Of(map[string]uint8{
	"EventID":       winID,
	"Provider_Name": winProvider, "Provider": winProvider,
	"SubjectUserName": winUser, "User": winUser,
	"SubjectDomainName": winDomain,
	"SubjectLogonId":    winLogon, "LogonId": winLogon,
	"TargetUserName":   winTargetUser,
	"TargetDomainName": winTargetDomain,
	"TargetLogonId":    winTargetLogon,
	"LogonType":        winLogonType,
	"IpAddress":        winAddress, "src_ip": winAddress, "Address": winAddress,
	"WorkstationName": winWorkstation,
	"CommandLine":     winCommand,
	"ParentImage":     winParent, "ParentProcessName": winParent,
	"Image": winImage, "NewProcessName": winImage, "SourceImage": winImage,
	"TargetFilename": winTarget, "TargetObject": winTarget, "ObjectName": winTarget,
	"GrantedAccess": winAccess, "AccessMask": winAccess,
	"TicketEncryptionType": winTicket,
	"ServiceName":          winService,
	"ImagePath":            winServicePath, "ServiceFileName": winServicePath,
	"TaskName":           winTask,
	"ShareName":          winShare,
	"RelativeTargetName": winRelative,
	"DestinationIp":      winDst,
	"DestinationPort":    winDport,
	"QueryName":          winQuery,
	"ScriptBlockText":    winScript, "HostApplication": winScript, "Payload": winScript,
	"PipeName":    winPipe,
	"TargetImage": winTargetImage,
	"MemberName":  winGroup, "TargetSid": winGroup,
	"Status": winStatus, "FailureCode": winStatus,
	"Details":          winKey,
	"OriginalFileName": winOriginal,
})

// The slots of netFacts.
const (
	netSrc uint8 = iota + 1
	netDst
	netSport
	netDport
	netService
	netState
	netQuery
	netRcode
	netMethod
	netHost
	netUri
	netStatus
	netMime
	netAgent
	netSent
	netValidation
	netSni
	netJa3
	netAnswered
	netProto
	netDirection
	netOpener
	netOutcome
	netHelo
	netCookie
	netFilter
	netEndpoint
	netOpnum
	netOperation
	netPath
	netName
	netAction
	netCipher
	netClient
	netRequest
	netSuccess
	netReason
	netUser
	netSignature
	netCategory
	netTechnique
	netNote
	netMessage
	netEvent
	netTxHosts
	netRxHosts
	netFileMime
	netMagic
	netHash
)

// netSlots are the fields of netFacts by their names.
var netSlots = slot.Of(map[string]uint8{
	"src_ip":   netSrc,
	"dst_ip":   netDst,
	"src_port": netSport,
	"dst_port": netDport,
	"service":  netService, "app_proto": netService,
	"conn_state": netState, "flow.state": netState,
	"query":      netQuery,
	"rcode_name": netRcode, "dns.rcode": netRcode,
	"cs-method":       netMethod,
	"cs-host":         netHost,
	"cs-uri":          netUri,
	"sc-status":       netStatus,
	"resp_mime_types": netMime, "http.http_content_type": netMime,
	"cs-user-agent": netAgent, "c-useragent": netAgent, "user_agent": netAgent,
	"orig_bytes": netSent, "flow.bytes_toserver": netSent, "bytes_out": netSent,
	"validation_status": netValidation,
	"server_name":       netSni, "tls.sni": netSni,
	"ja3": netJa3, "tls.ja3.hash": netJa3,
	"flow.pkts_toclient": netAnswered,
	"proto":              netProto,
	"direction":          netDirection,
	"flow.src_ip":        netOpener,
	"outcome":            netOutcome,
	"helo":               netHelo, "smtp.helo": netHelo,
	"cookie": netCookie, "rdp.cookie": netCookie,
	"filter": netFilter, "ldap.request.search_request.filter.filter": netFilter,
	"endpoint": netEndpoint, "dcerpc.interfaces.uuid": netEndpoint, "smb.dcerpc.interfaces.uuid": netEndpoint,
	"dcerpc.req.opnum": netOpnum, "smb.dcerpc.opnum": netOpnum,
	"operation": netOperation,
	"path":      netPath, "smb.share": netPath,
	"name": netName, "smb.filename": netName,
	"action": netAction, "smb.command": netAction,
	"cipher": netCipher, "krb5.encryption": netCipher,
	"client": netClient, "krb5.cname": netClient,
	"request_type": netRequest, "krb5.msg_type": netRequest,
	"success":   netSuccess,
	"error_msg": netReason,
	"username":  netUser, "user": netUser, "smb.ntlmssp.user": netUser,
	"alert.signature": netSignature, "signature": netSignature,
	"alert.category":                    netCategory,
	"alert.metadata.mitre_technique_id": netTechnique,
	"note":                              netNote,
	"msg":                               netMessage, "message": netMessage,
	"event_type":     netEvent,
	"tx_hosts":       netTxHosts,
	"rx_hosts":       netRxHosts,
	"mime_type":      netFileMime,
	"fileinfo.magic": netMagic,
	"sha256":         netHash, "sha1": netHash, "md5": netHash, "fileinfo.sha256": netHash, "fileinfo.sha1": netHash, "fileinfo.md5": netHash,
})

// The slots of cloudFacts.
const (
	cloudAddress uint8 = iota + 1
	cloudPrincipal
	cloudAccount
	cloudKey
	cloudCall
	cloudRecord
	cloudService
	cloudFailed
	cloudAgent
	cloudInvoked
	cloudResource
	cloudSub
	cloudNamespace
	cloudName
	cloudThing
	cloudObject
	cloudCommand
	cloudVerb
	cloudCode
	cloudUser
	cloudKind
	cloudOutcome
	cloudBegan
	cloudSession
	cloudMinted
	cloudResult
)

// cloudSlots are the fields of cloudFacts by their names.
var cloudSlots = slot.Of(map[string]uint8{
	"src_ip":                 cloudAddress,
	"userIdentity.arn":       cloudPrincipal,
	"userIdentity.accountId": cloudAccount, "recipientAccountId": cloudAccount, "OrganizationId": cloudAccount, "tenantId": cloudAccount, "properties.tenantId": cloudAccount, "resource.labels.project_id": cloudAccount, "org": cloudAccount,
	"userIdentity.accessKeyId": cloudKey,
	"eventName":                cloudCall, "Operation": cloudCall, "operationName": cloudCall, "protoPayload.methodName": cloudCall, "action": cloudCall, "operationName.value": cloudCall, "activityDisplayName": cloudCall,
	"eventType":   cloudRecord,
	"eventSource": cloudService, "Workload": cloudService, "protoPayload.serviceName": cloudService,
	"errorCode":  cloudFailed,
	"user_agent": cloudAgent, "userAgent": cloudAgent, "additionalDetails.User-Agent": cloudAgent, "properties.userAgent": cloudAgent,
	"userIdentity.sessionContext.attributes.creationDate": cloudBegan,
	"authenticationContext.externalSessionId":             cloudSession, "AppAccessContext.AADSessionId": cloudSession, "hashed_token": cloudSession, "user.extra.authentication.kubernetes.io/credential-id": cloudSession, "protoPayload.authenticationInfo.serviceAccountKeyName": cloudSession,
	"outcome.result":                         cloudResult,
	"responseElements.accessKey.accessKeyId": cloudMinted, "responseElements.credentials.accessKeyId": cloudMinted,
	"userIdentity.invokedBy":     cloudInvoked,
	"objectRef.resource":         cloudResource,
	"objectRef.subresource":      cloudSub,
	"objectRef.namespace":        cloudNamespace,
	"requestParameters.userName": cloudName, "requestParameters.roleName": cloudName, "requestParameters.roleArn": cloudName,
	"objectRef.name": cloudThing, "requestParameters.secretId": cloudThing, "requestParameters.bucketName": cloudThing, "requestParameters.snapshotId": cloudThing, "requestParameters.instanceId": cloudThing, "requestParameters.functionName": cloudThing,
	"ObjectId":            cloudObject,
	"command":             cloudCommand,
	"verb":                cloudVerb,
	"responseStatus.code": cloudCode,
	"user":                cloudUser,
	"event_type":          cloudKind,
	"outcome":             cloudOutcome,
})
