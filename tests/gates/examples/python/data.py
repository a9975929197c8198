import json
import pickle
import xml.etree.ElementTree as ET
import xml.sax
from xml.dom import minidom

import defusedxml.ElementTree
import numpy
import yaml
from lxml import etree


def loaded(data, file):
    # ruleid: towpath.python.data.pickle-loaded
    pickle.loads(data)
    # ruleid: towpath.python.data.pickle-loaded
    pickle.load(file)
    # ruleid: towpath.python.data.pickle-loaded
    numpy.load(file, allow_pickle=True)
    # ok: towpath.python.data.pickle-loaded
    pickle.loads(pickle.dumps(data))
    # ok: towpath.python.data.pickle-loaded
    json.loads(data)


def yaml_loaded(text):
    # ruleid: towpath.python.data.yaml-loaded-unsafely
    yaml.load(text, Loader=yaml.Loader)
    # ruleid: towpath.python.data.yaml-loaded-unsafely
    yaml.load(text)
    # ruleid: towpath.python.data.yaml-loaded-unsafely
    yaml.unsafe_load(text)
    # ok: towpath.python.data.yaml-loaded-unsafely
    yaml.safe_load(text)
    # ok: towpath.python.data.yaml-loaded-unsafely
    yaml.load(text, Loader=yaml.SafeLoader)


def entities(reader):
    # ruleid: towpath.python.data.xml-external-entities
    etree.XMLParser(resolve_entities=True)
    # ruleid: towpath.python.data.xml-external-entities
    etree.XMLParser(no_network=False)
    # ruleid: towpath.python.data.xml-external-entities
    reader.setFeature(xml.sax.handler.feature_external_ges, True)
    # ok: towpath.python.data.xml-external-entities
    etree.XMLParser(resolve_entities=False, no_network=True)


def parsed(text, parser):
    # ruleid: towpath.python.data.xml-parsed-undefended
    ET.fromstring(text)
    # ruleid: towpath.python.data.xml-parsed-undefended
    minidom.parseString(text)
    # ruleid: towpath.python.data.xml-parsed-undefended
    etree.fromstring(text)
    # ok: towpath.python.data.xml-parsed-undefended
    etree.fromstring(text, parser)
    # ok: towpath.python.data.xml-parsed-undefended
    defusedxml.ElementTree.fromstring(text)
    # ok: towpath.python.data.xml-parsed-undefended
    ET.fromstring("<boat/>")
