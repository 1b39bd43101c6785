internal import IKE
